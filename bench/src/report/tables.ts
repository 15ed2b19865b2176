import type { GroupName, Report, Result } from '../model.js'
import { shownSummary } from './numbers.js'

const TITLES: Readonly<Record<GroupName, string>> = {
  check: 'Checking a session, per check',
  token: 'Checking an access token, per check',
  memory: 'Memory per session in process (subject, times, IP, 120-character user agent)',
  write: 'Durable writes on lmdb, per write',
  sweep: 'Deleting expired sessions',
  file: 'Size of the lmdb file',
  http: 'Authenticated GET of an unchanged session over HTTP, per request',
  daemon: "Web server's check of an unchanged session at the daemon, one process, per request",
  workers: 'The same check at holdfastd, by worker processes, lmdb, per request',
  nginx: 'Authenticated GET behind nginx, one worker, per request',
  size: 'Size of a session in the database (subject, times, IP, 120-character user agent)',
  revocation: 'Revocation, process to process, under load',
  growth: 'How cost grows with sessions and application processes',
}

const ORDER: readonly GroupName[] = [
  ...([
    'check',
    'token',
    'memory',
    'write',
    'sweep',
    'file',
    'http',
    'daemon',
    'workers',
    'nginx',
  ] as const),
  ...(['size', 'revocation', 'growth'] as const),
]

interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly lines: readonly (readonly string[])[]
}

/** One table per group and Node version; medians, with minimum and maximum over the processes. */
function tablesOf({ results }: Report): readonly Table[] {
  return ORDER.flatMap((group) => {
    const inGroup = results.filter((result) => result.group === group)
    const nodes = [...new Set(inGroup.map(({ node }) => node))]
    return nodes.map((node) =>
      toTable(
        `${TITLES[group]}, ${node}`,
        inGroup.filter((result) => result.node === node),
      ),
    )
  })
}

function toTable(title: string, results: readonly Result[]): Table {
  const columns = new Map<string, string>()
  for (const { figures } of results)
    for (const { key, title: name, unit } of figures)
      columns.set(key, unit === '' ? name : `${name} [${unit}]`)
  const lines = results.map(({ name, figures, processes }) => [
    name,
    ...[...columns.keys()].map((key) => {
      const figure = figures.find((each) => each.key === key)
      return figure === undefined ? '' : shownSummary(figure)
    }),
    String(processes),
  ])
  return { title, head: ['', ...columns.values(), 'processes'], lines }
}

/** For a terminal. */
export function asText(report: Report): string {
  const tables = tablesOf(report).map(({ title, head, lines }) => {
    const rows = [head, ...lines]
    const widths = head.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
    const text = rows.map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    return `${title}\n${text.join('\n')}`
  })
  return [describe(report).join('\n'), ...tables, verdicts(report)].join('\n\n')
}

/** For a document. */
export function asMarkdown(report: Report): string {
  const tables = tablesOf(report).map(({ title, head, lines }) => {
    const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
    return [`### ${title}`, '', row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n')
  })
  const about = describe(report).map((line) => `- ${line}`)
  return [about.join('\n'), ...tables, verdicts(report)].join('\n\n')
}

function describe({ machine, started, seconds, scale, notes }: Report): readonly string[] {
  const { cpu, cores, memoryGiB, system, kernel, nodes, loadGenerator, pinned } = machine
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB; ${system}, kernel ${kernel}`,
    `Node ${nodes.join(' and ')}; load by ${loadGenerator}; ${pinned ? 'server on core 0, load on core 1' : 'not pinned to cores'}`,
    `${started}, ${scale} run of ${Math.round(seconds)} s`,
    'median (minimum to maximum) over the processes of a row; variants took turns',
    ...notes,
  ]
}

function verdicts({ results }: Report): string {
  const judged = results.flatMap((result) =>
    result.figures.flatMap((figure) =>
      figure.verdict === null ? [] : [{ result, figure, reached: figure.verdict === 'reached' }],
    ),
  )
  const missed = judged
    .filter(({ reached }) => !reached)
    .map(
      ({ result, figure }) =>
        `- missed on ${result.node}: ${result.name}, ${figure.title}: ${shownSummary(figure)}`,
    )
  return [`${judged.length - missed.length} of ${judged.length} goals reached`, ...missed].join(
    '\n',
  )
}
