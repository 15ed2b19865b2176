import { randomBytes } from 'node:crypto'
import { withDatabases } from './databases/start.js'
import { findWrk, canPin } from './harness/tools.js'
import { stopAll } from './harness/child.js'
import { describeMachine } from './harness/machine.js'
import { findRuntimes } from './harness/runtimes.js'
import { WorkFolder } from './harness/work-folder.js'
import { withNginx } from './edge/nginx.js'
import { httpRows } from './http/rows.js'
import { runHttp } from './http/run.js'
import { Fixtures } from './in-process/fixtures.js'
import { databaseRows } from './in-process/database-rows.js'
import { inProcessRows } from './in-process/rows.js'
import { runInProcess } from './in-process/run.js'
import type { Machine, Report, Result, Runtime, Scale } from './model.js'
import { isWanted, type Options } from './options.js'
import { SCALES } from './scales.js'

const BUSY = 0.5
const MOST = 10_000_000

/** Runs what the options ask for. Whatever happens, no process and no file of it remains. */
export async function bench(options: Options, log: (line: string) => void): Promise<Report> {
  const most = options.large ? { storedMost: MOST } : {}
  const scale = { ...SCALES[options.scale], ...most }
  const runtimes = findRuntimes(options.nodes, log)
  const wanted = httpRows(scale).filter(({ group = 'http', name }) =>
    isWanted(options, group, name),
  )
  const rows = withNginx(withDatabases(wanted, scale, log), log)
  // wrk runs for whole seconds.
  const wrk = rows.length === 0 || scale.name === 'smoke' ? null : await findWrk(log)
  const pinned = canPin()
  const loadGenerator = wrk === null ? "the bench's own generator" : 'wrk'
  const machine = describeMachine(runtimes, { pinned, loadGenerator })
  const started = new Date()
  const work = new WorkFolder()
  const key = randomBytes(32).toString('base64url')
  const clean = (): void => {
    stopAll()
    work.remove()
  }
  process.once('exit', clean)
  try {
    const results = [
      ...(await withoutServers({ options, scale, runtimes, work, key, log })),
      ...(await runHttp({ scale, rows, runtimes, work, key, pinned, wrk, log })),
    ]
    const seconds = (Date.now() - started.getTime()) / 1000
    const notes = notesOn(machine)
    return { started: started.toISOString(), seconds, scale: scale.name, machine, notes, results }
  } finally {
    clean()
    process.off('exit', clean)
  }
}

interface Parts {
  readonly options: Options
  readonly scale: Scale
  readonly runtimes: readonly Runtime[]
  readonly work: WorkFolder
  readonly key: string
  readonly log: (line: string) => void
}

async function withoutServers(parts: Parts): Promise<readonly Result[]> {
  const { options, scale, runtimes, work, key, log } = parts
  const newest = runtimes.at(-1)
  if (newest === undefined) return []
  const fixtures = new Fixtures(scale, work, key, newest)
  const rows = withDatabases(
    [...inProcessRows(scale), ...databaseRows(scale)].filter(({ group, name }) =>
      isWanted(options, group, name),
    ),
    scale,
    log,
  )
  const results = await runInProcess({ scale, rows, runtimes, fixtures, work, key, log })
  return [...results, ...fixtures.results]
}

function notesOn({ loadBefore }: Machine): readonly string[] {
  if (loadBefore <= BUSY) return []
  return [
    `CONTENDED: the machine had other work (load average ${loadBefore} before the run); these figures are preliminary`,
  ]
}
