import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '../../src/index.js'
import { newPath } from './folders.js'
import { Ledger } from './ledger.js'
import { HOUR, newRecord } from '@holdfast/conformance/records'

const VICTIM = fileURLToPath(new URL('./victim.js', import.meta.url))
const KILLS_PER_FOLDER = 25

export interface KillReport {
  kills: number
  /** Killed before it had said that the folder was open. */
  early: number
  acknowledged: number
  survivorWrites: number
  readonly problems: string[]
}

/** Kills `kills` writing processes at random moments and looks, after each, for what is not as it was acknowledged. */
export async function runKills(
  kills: number,
  random: () => number,
  survivor: boolean,
): Promise<KillReport> {
  const report = { kills: 0, early: 0, acknowledged: 0, survivorWrites: 0, problems: [] }
  while (report.kills < kills) {
    const count = Math.min(KILLS_PER_FOLDER, kills - report.kills)
    await killInOneFolder(count, random, survivor, report)
  }
  return report
}

async function killInOneFolder(
  kills: number,
  random: () => number,
  survivor: boolean,
  report: KillReport,
): Promise<void> {
  const path = newPath()
  const ledger = new Ledger()
  const live = survivor ? new Survivor(path, report) : null
  for (let at = 0; at < kills; at++) {
    await killOne(path, `${at}`, random, ledger, report)
    const store = live?.store ?? reopen(path, report)
    if (store === null) return
    await checkStore(store, ledger, report)
    if (live === null) await store.close()
  }
  await live?.stop()
  report.acknowledged += ledger.acknowledged
  await checkSweep(path, ledger, report)
  rmSync(dirname(path), { recursive: true, force: true })
}

/** A third dies at any moment after its start, the others while they write. */
async function killOne(
  path: string,
  name: string,
  random: () => number,
  ledger: Ledger,
  report: KillReport,
): Promise<void> {
  const child = spawn(process.execPath, [VICTIM, path, name], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  })
  const gone = once(child, 'close')
  const errors = collect(child)
  let lines = 0
  const any = random() < 1 / 3
  const pause = random() * (any ? 300 : 80)
  const kill = (): unknown => setTimeout(() => child.kill('SIGKILL'), pause)
  if (any) kill()
  createInterface({ input: child.stdout }).on('line', (line) => {
    // The last one may be cut by the kill.
    if (!line.endsWith(' .')) return
    lines += 1
    ledger.note(line)
    if (lines === 2 && !any) kill()
  })
  const hung = setTimeout(() => child.kill('SIGABRT'), 20_000)
  const [code, signal] = await gone
  clearTimeout(hung)
  report.kills += 1
  if (lines === 0) report.early += 1
  if (signal !== 'SIGKILL')
    report.problems.push(`a writer ended by itself: ${code} ${signal} ${errors()}`)
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return () => text
}

function reopen(path: string, report: KillReport): SessionStore | null {
  try {
    return lmdbStore(path)
  } catch (error) {
    report.problems.push(`the folder ${path} does not open: ${describe(error)}`)
    return null
  }
}

async function checkStore(store: SessionStore, ledger: Ledger, report: KillReport): Promise<void> {
  try {
    report.problems.push(...(await ledger.differences(store)))
    const record = newRecord({ subject: 'checker', epoch: await store.epoch() })
    const { status } = await store.insert(record, { now: Date.now(), limit: null })
    if (status !== 'inserted') report.problems.push(`a write after a kill was ${status}`)
  } catch (error) {
    report.problems.push(`after a kill: ${describe(error)}`)
  }
}

/** Every record stands in the schedule: a sweep of the far future leaves none. */
async function checkSweep(path: string, ledger: Ledger, report: KillReport): Promise<void> {
  const store = lmdbStore(path)
  while ((await store.sweep(Date.now() + 48 * HOUR, 1000)).more);
  const left = [...ledger.ids].filter((id) => store.find(id) !== null)
  if (left.length > 0) report.problems.push(`${left.length} records were not in the schedule`)
  await store.close()
}

/** Writes all the time in this process, beside the victims, and must always read what it has written. */
class Survivor {
  readonly store: SessionStore
  readonly #report: KillReport
  readonly #done: Promise<void>
  #stopped = false

  constructor(path: string, report: KillReport) {
    this.store = lmdbStore(path)
    this.#report = report
    this.#done = this.#write()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
    await this.store.close()
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#writeAndRead()
      } catch (error) {
        this.#report.problems.push(`the survivor: ${describe(error)}`)
      }
    }
  }

  async #writeAndRead(): Promise<void> {
    const now = Date.now()
    const record = newRecord({ subject: 'survivor', epoch: await this.store.epoch() })
    await this.store.insert(record, { now, limit: null })
    if ((await this.store.find(record.id)) === null) throw new Error('does not read its insert')
    await this.store.update(record.id, { now, set: new Map([['app:n', '1']]) })
    const changed = await this.store.find(record.id)
    if (changed?.data.get('app:n') !== '1') throw new Error('does not read its update')
    await this.store.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'survivor' })
    const ended = await this.store.find(record.id)
    if (ended?.revokedAt !== now) throw new Error('does not read its revocation')
    this.#report.survivorWrites += 3
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : ` (cause: ${describe(error.cause)})`
  return `${error.message}${cause}`
}
