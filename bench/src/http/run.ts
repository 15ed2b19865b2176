import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../databases/model.js'
import { startDatabase } from '../databases/start.js'
import { ask, end, start } from '../harness/child.js'
import { median, summarize, summary } from '../harness/statistics.js'
import type { WorkFolder } from '../harness/work-folder.js'
import type { Figures, Goal, Result, Runtime, Scale, Summary } from '../model.js'
import type { GeneratorInput } from './generator.js'
import { load, type LoadOptions } from './load.js'
import type { ServerInput, Started } from './model.js'
import { probe } from './probe.js'
import { QUESTIONS } from './requests.js'
import { httpFigures, type HttpRow } from './rows.js'

const SCRIPT = new URL('./server.js', import.meta.url)
const TIME_LIMIT = 60_000
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
    run.rows.map((row) => ({ row, runtime, measured: [] })),
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
  const { scale, work, key, pinned, wrk } = run
  const folder = work.make()
  const core = pinned ? 1 : null
  const child = start({ node: runtime.path, script: SCRIPT, core: pinned ? 0 : null })
  const { name: rowName, variant, database: wanted } = row
  const database =
    wanted === undefined ? null : await startDatabase(wanted, { folder, core, durable: false })
  try {
    const address = database?.address ?? null
    const input: ServerInput = {
      kind: 'start',
      variant,
      sessions: scale.sessions,
      folder,
      key,
      database: address,
    }
    const { port, cookies } = await ask<Started>(child, input, TIME_LIMIT)
    const question = QUESTIONS[row.group ?? 'http']
    checkAnswer(answers, row, await probe(port, question, cookies[0] ?? ''))
    const options: LoadOptions = { wrk, core }
    const { connections, warmUp, measure } = scale.http
    await warm(options, { port, question, cookies, connections, seconds: warmUp })
    const commands = await countCommands(database)
    const before = await ask<number>(child, { kind: 'cpu' }, TIME_LIMIT)
    const seen = await load(options, { port, question, cookies, connections, seconds: measure })
    const spent = (await ask<number>(child, { kind: 'cpu' }, TIME_LIMIT)) - before
    const { p50, p99, requests } = seen
    const perSecond = requests / seen.seconds
    const counted = {
      commands: (await commands()) / requests,
      idle: await idleCommands(database, scale.idleMs),
    }
    return { perSecond, cpu: spent / requests, p50, p99, ...counted }
  } catch (cause) {
    throw new Error(`${rowName} on ${runtime.name} failed`, { cause })
  } finally {
    await end(child)
    await database?.stop()
    work.remove(folder)
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
    const spec = { key: `${key}Share`, title, unit: '', ...goalOf(row.share) }
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
