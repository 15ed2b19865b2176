import { quantile } from '../figures.js'
import type { CellResult } from './cell.js'
import { isOfClient } from './known.js'
import { COLUMNS } from './messages.js'
import { OPERATIONS } from './operations.js'
import type { RoundResult } from './round.js'

const SHOWN = 8

/** What broke the promise in one round, in words; empty where nothing did. */
export function breaches({ cells, crashes }: RoundResult): readonly string[] {
  return [
    ...cells.flatMap(({ operation, column, wrong, cleared }) => [
      ...wrong.map((why) => `${operation.name}, ${column}: ${why}`),
      ...(cleared > 0 ? [`${operation.name}, ${column}: ${cleared} cookies cleared`] : []),
    ]),
    ...crashes.filter((error) => !isOfClient(error)).map((error) => `crash: ${error}`),
  ]
}

export const TITLE: string = [
  '| Trouble | Column | Requests | Due to be refused | of them refused | Refused within p50 / p99 / max ms | over 500 ms | Pages without a session p99 / max ms | Anonymous pages p99 / max ms | Back within p99 / max ms | Cookies cleared | Wrong | Tokens lost |',
  '|---|---|---|---|---|---|---|---|---|---|---|---|---|',
].join('\n')

/** The figures of one round, a row for each column. */
export function rows({ trouble, cells, crashes, control }: RoundResult): string {
  return COLUMNS.map((column) => {
    const own = cells.filter((cell) => cell.column === column)
    const sum = (count: (cell: CellResult) => number): number =>
      own.reduce((total, cell) => total + count(cell), 0)
    const due = own.filter((cell) => cell.due === 'refused')
    const refusals = own.flatMap((cell) => cell.refusals)
    const recoveries = own.flatMap(({ recovery }) => recovery ?? [])
    const wrong = sum((cell) => cell.wrong.length)
    const times = (values: readonly number[], ...shares: readonly number[]): string =>
      values.length === 0 ? '–' : shares.map((share) => ms(quantile(values, share))).join(' / ')
    const texts = [
      trouble.name,
      column,
      sum(asked),
      due.reduce((total, cell) => total + asked(cell), 0),
      due.reduce((total, { refused }) => total + refused, 0),
      times(refusals, 0.5, 0.99, 1),
      slow(refusals),
      times(control, 0.99, 1),
      times(
        own.flatMap((cell) => (cell.operation.need === 'nothing' ? cell.services : [])),
        0.99,
        1,
      ),
      times(recoveries, 0.99, 1),
      sum(({ cleared }) => cleared),
      crashes.length > 0 ? `${wrong}, ${described(crashes)}` : wrong,
      sum(({ lost }) => lost),
    ]
    return `| ${texts.join(' | ')} |`
  }).join('\n')
}

function described(crashes: readonly string[]): string {
  const known = crashes.filter(isOfClient).length
  return `${crashes.length} crashes${known > 0 ? ` (${known} of the client library)` : ''}`
}

/** How many refusals took longer than promise P6 allows. */
function slow(refusals: readonly number[]): number {
  return refusals.filter((each) => each > 500).length
}

/** Per operation: how many of its requests were refused, under each kind of trouble. */
export function grid(results: readonly RoundResult[], column: CellResult['column']): string {
  const names = OPERATIONS.map(({ name }) => name)
  const head = [`| ${column} | ${names.join(' | ')} |`, `|---|${'---|'.repeat(names.length)}`]
  const lines = results.map(({ trouble, cells }) => {
    const texts = names.map((name) => {
      const cell = cells.find((each) => each.column === column && each.operation.name === name)
      return cell === undefined ? '' : `${cell.refused}/${asked(cell)}${MARKS[cell.due]}`
    })
    return `| ${trouble.name} | ${texts.join(' | ')} |`
  })
  return [...head, ...lines].join('\n')
}

const MARKS = { refused: '', served: ' s', either: ' e' } as const

/** What broke the promise, some of each kind. */
export function describeBreaches(result: RoundResult): string {
  const counts = new Map<string, number>()
  for (const each of breaches(result)) counts.set(each, (counts.get(each) ?? 0) + 1)
  const lines = [...counts].map(([text, count]) => `    ${count} x ${text}`)
  const rest = lines.length - SHOWN
  return [...lines.slice(0, SHOWN), ...(rest > 0 ? [`    and ${rest} more`] : [])].join('\n')
}

function asked({ refused, served }: CellResult): number {
  return refused + served
}

function ms(milliseconds: number): string {
  return milliseconds.toFixed(0)
}
