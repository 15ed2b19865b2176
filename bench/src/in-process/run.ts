import type { ChildProcess } from 'node:child_process'
import { startDatabase } from '../databases/start.js'
import { ask, end, start } from '../harness/child.js'
import { summarize } from '../harness/statistics.js'
import type { WorkFolder } from '../harness/work-folder.js'
import type { Figures, Result, Row, Runtime, Scale } from '../model.js'
import type { Fixtures } from './fixtures.js'

const SCRIPT = new URL('./child.js', import.meta.url)
/** Milliseconds that a row may take, and for each session that it makes. */
const TIME_LIMIT = 5 * 60_000
const TIME_EACH = 1

export interface InProcessRun {
  readonly scale: Scale
  readonly rows: readonly Row[]
  readonly runtimes: readonly Runtime[]
  readonly fixtures: Fixtures
  readonly work: WorkFolder
  readonly key: string
  readonly log: (line: string) => void
}

interface Lane {
  readonly row: Row
  readonly runtime: Runtime
  readonly measured: Figures[]
}

/** Measures every row: one process after the other, each round through all rows before the next begins. */
export async function runInProcess(run: InProcessRun): Promise<readonly Result[]> {
  const newest = run.runtimes.at(-1)
  const lanes: Lane[] = run.rows.flatMap((row) =>
    run.runtimes
      .filter((runtime) => row.newestOnly !== true || runtime === newest)
      .map((runtime) => ({ row, runtime, measured: [] })),
  )
  const rounds = Math.max(0, ...lanes.map(({ row }) => row.repeats))
  const processes = new Processes(run.scale.name === 'smoke')
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const lane of lanes.filter(({ row }) => row.repeats >= round)) {
        run.log(`${lane.row.group}: ${lane.row.name}, ${lane.runtime.name}, ${round}`)
        lane.measured.push(await measureOnce(run, lane, processes))
      }
    }
  } finally {
    await processes.end()
  }
  return lanes.map(({ row, runtime, measured }) => ({
    group: row.group,
    node: runtime.name,
    name: row.name,
    processes: measured.length,
    figures: summarize(row.figures, measured),
  }))
}

async function measureOnce(
  run: InProcessRun,
  { row, runtime }: Lane,
  processes: Processes,
): Promise<Figures> {
  const { scale, work, key, fixtures } = run
  const folder = work.make()
  const wanted = row.fixture
  const fixture =
    wanted === undefined ? null : await fixtures.get(wanted.name, wanted.writes ? folder : null)
  const { variant, count, flags = [], durable = false } = row
  const database =
    row.database === undefined
      ? null
      : await startDatabase(row.database, { folder: work.make(), core: null, durable })
  const child = processes.take(runtime.path, flags)
  try {
    const input = {
      scale,
      variant,
      count,
      folder,
      fixture,
      key,
      database: database?.address ?? null,
    }
    return await ask<Figures>(
      child,
      { module: `./${row.module}`, input },
      TIME_LIMIT + count * TIME_EACH,
    )
  } catch (cause) {
    throw new Error(`${row.name} on ${runtime.name} failed`, { cause })
  } finally {
    await processes.giveBack(child)
    await database?.stop()
    work.remove(folder)
  }
}

/** A process for each row; where figures do not matter, one for all rows of the same flags. */
class Processes {
  readonly #shared: boolean
  readonly #running = new Map<string, ChildProcess>()

  constructor(shared: boolean) {
    this.#shared = shared
  }

  take(node: string, flags: readonly string[]): ChildProcess {
    const key = [node, ...flags].join(' ')
    const child = this.#running.get(key) ?? start({ node, script: SCRIPT, flags, core: null })
    if (this.#shared) this.#running.set(key, child)
    return child
  }

  async giveBack(child: ChildProcess): Promise<void> {
    if (!this.#shared) await end(child)
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running.values()].map((child) => end(child)))
  }
}
