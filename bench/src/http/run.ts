import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../databases/model.js'
import { median, summarize, summary } from '../harness/statistics.js'
import type { WorkFolder } from '../harness/work-folder.js'
import type { Figures, Goal, Result, Runtime, Scale, Summary } from '../model.js'
import type { GeneratorInput } from './generator.js'
import { load, type LoadOptions } from './load.js'
import type { Served } from './model.js'
import { probe } from './probe.js'
import { questionOf } from './requests.js'
import { httpFigures, type HttpRow } from './rows.js'
import { serve } from './served.js'

const ROUNDS = 1.5

export interface HttpRun {
  readonly scale: Scale
  readonly rows: readonly HttpRow[]
  readonly runtimes: readonly Runtime[]
  readonly work: WorkFolder
  readonly key: string
  /** Whether server and load generator have a core each. */
  readonly pinned: boolean
  readonly wrk: string | null
  readonly log: (line: string) => void
}

interface Lane {
  readonly row: HttpRow
  readonly runtime: Runtime
  readonly measured: Figures[]
}

/** Measures every server: one process after the other, each round through all variants before the next begins. */
export async function runHttp(run: HttpRun): Promise<readonly Result[]> {
  const lanes: Lane[] = run.runtimes.flatMap((runtime) =>
    run.rows
      .filter((row) => row.newestOnly !== true || runtime === run.runtimes.at(-1))
      .map((row) => ({ row, runtime, measured: [] })),
  )
  const answers = new Map<string, string>()
  for (let round = 1; round <= run.scale.repeats; round++) {
    for (const lane of lanes) {
      run.log(`http: ${lane.row.name}, ${lane.runtime.name}, ${round}`)
      lane.measured.push(await measureOnce(run, lane, answers))
    }
  }
  return lanes.map((lane) => ({
    group: lane.row.group ?? 'http',
    node: lane.runtime.name,
    name: lane.row.name,
    processes: lane.measured.length,
    figures: [...summarize(httpFigures(lane.row), lane.measured), ...shares(lane, lanes)],
  }))
}

async function measureOnce(
  run: HttpRun,
  { row, runtime }: Lane,
  answers: Map<string, string>,
): Promise<Figures> {
  const { scale, work, key, pinned } = run
  const folder = work.make()
  let served: Served | null = null
  try {
    served = await serve({ row, node: runtime.path, folder, scale, key, pinned })
    return await measureServed(run, row, served, answers)
  } catch (cause) {
    throw new Error(`${row.name} on ${runtime.name} failed`, { cause })
  } finally {
    await served?.stop()
    work.remove(folder)
  }
}

async function measureServed(
  { scale, wrk, pinned }: HttpRun,
  row: HttpRow,
  { port, cookies, database, cpu }: Served,
  answers: Map<string, string>,
): Promise<Figures> {
  const question = questionOf(row)
  checkAnswer(answers, row, await probe(port, question, cookies[0] ?? ''))
  // What has several processes is not kept to one core, and nor is what asks it.
  const options: LoadOptions = { wrk, core: pinned && row.group !== 'workers' ? 1 : null }
  const { connections, warmUp, measure } = scale.http
  await warm(options, { port, question, cookies, connections, seconds: warmUp })
  const commands = await countCommands(database)
  const before = await cpu()
  const seen = await load(options, { port, question, cookies, connections, seconds: measure })
  const after = await cpu()
  const { p50, p99, requests } = seen
  const spent = Object.entries(after).map(
    ([name, micros]) => [name, (micros - (before[name] ?? 0)) / requests] as const,
  )
  return {
    perSecond: requests / seen.seconds,
    ...Object.fromEntries(spent),
    p50,
    p99,
    commands: (await commands()) / requests,
    idle: await idleCommands(database, scale.idleMs),
  }
}

/** Each load begins with the first session: a slow server gets a longer one, so that it has seen them all too. */
async function warm(options: LoadOptions, input: GeneratorInput): Promise<void> {
  const { requests } = await load(options, input)
  const wanted = ROUNDS * input.cookies.length
  if (requests >= wanted) return
  await load(options, { ...input, seconds: Math.ceil((input.seconds * wanted) / requests) })
}

/** Gives how many commands the database has performed since; NaN where it does not tell. */
async function countCommands(database: Database | null): Promise<() => Promise<number>> {
  const before = (await database?.commands()) ?? NaN
  return async () => ((await database?.commands()) ?? NaN) - before
}

/** Commands a second without any request, heartbeats above all. */
async function idleCommands(database: Database | null, ms: number): Promise<number> {
  const commands = await countCommands(database)
  const begun = performance.now()
  if (database !== null) await pause(ms)
  return ((await commands()) * 1000) / (performance.now() - begun)
}

/** Servers of one framework must give the same answer, or they are not comparable. */
function checkAnswer(answers: Map<string, string>, row: HttpRow, answer: string): void {
  const expected = answers.get(row.baseline) ?? answer
  answers.set(row.baseline, expected)
  if (answer !== expected)
    throw new Error(`it answers otherwise than its baseline:\n${answer}\ninstead of:\n${expected}`)
}

/** Throughput and CPU as shares of the baseline's, round by round: neighbours in time are compared. */
function shares(lane: Lane, lanes: readonly Lane[]): readonly Summary[] {
  const { row, runtime, measured } = lane
  const baseline = lanes.find(
    (other) => other.row.variant === row.baseline && other.runtime === runtime,
  )
  if (baseline === undefined || baseline === lane) return []
  const share = (key: string, title: string, up: boolean): Summary => {
    const values = measured.map((figures, round) => {
      const own = figures[key] ?? NaN
      const other = baseline.measured[round]?.[key] ?? NaN
      return up ? own / other : other / own
    })
    const ofMedians = medianOf(lane, key) / medianOf(baseline, key)
    const goal = key === 'cpu' && row.shareOf === 'requests' ? {} : goalOf(row.share)
    const spec = { key: `${key}Share`, title, unit: '', ...goal }
    return summary(spec, values, up ? ofMedians : 1 / ofMedians)
  }
  return [
    share('perSecond', 'of alone, requests', true),
    share('cpu', 'of alone, CPU', false),
    extra(medianOf(lane, 'cpu') - medianOf(baseline, 'cpu')),
  ]
}

function extra(micros: number): Summary {
  return summary({ key: 'extra', title: 'CPU added', unit: 'µs' }, [micros])
}

function medianOf({ measured }: Lane, key: string): number {
  return median(measured.map((figures) => figures[key] ?? NaN))
}

function goalOf(goal: Goal | undefined): { readonly goal?: Goal } {
  return goal === undefined ? {} : { goal }
}
