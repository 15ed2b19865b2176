import { SessionError } from './errors.js'
import { conflictError, endedError, tooLargeError } from './failures.js'
import type { GuardedStore, Waiting } from './guarded-store.js'
import { isLive, reservedBytes, type SessionRecord } from './record.js'
import type { RecordChange } from './store.js'

type Texts = ReadonlyMap<string, string>

/** One read-modify-write of one session's data. */
export interface DataJob {
  /** The full name of the value. */
  readonly name: string
  readonly ifGeneration: number
  /** The new text for the present one (undefined: absent); null removes it, undefined leaves it. May be called again. */
  readonly apply: (text: string | undefined) => string | null | undefined
  readonly touch: RecordChange['touch'] | undefined
  /** A text that goes along with the job's own write, under its name. */
  readonly stamp: readonly [string, string] | null
  /** How long its request may wait for the store. */
  readonly patience: Waiting
}

interface QueuedJob {
  readonly job: DataJob
  readonly resolve: (record: SessionRecord) => void
  readonly reject: (error: unknown) => void
}

const MAX_JOBS = 256
const MAX_ATTEMPTS = 200

/**
 * Runs read-modify-writes without losing any. Those of one session in this process are taken together: one read, all
 * functions in turn, one write. Another process's write in between is a conflict, and the round is run again.
 */
export class Combiner {
  readonly #store: GuardedStore
  readonly #now: () => number
  readonly #maxDataBytes: number
  readonly #queues = new Map<string, QueuedJob[]>()

  constructor(store: GuardedStore, now: () => number, maxDataBytes: number) {
    this.#store = store
    this.#now = now
    this.#maxDataBytes = maxDataBytes
  }

  /** The record after the job. Rejects with `ERR_SESSION_ENDED` if the session ended or moved to another generation. */
  run(id: string, job: DataJob): Promise<SessionRecord> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(id)
      if (queue !== undefined) {
        queue.push({ job, resolve, reject })
        return
      }
      this.#queues.set(id, [{ job, resolve, reject }])
      void this.#drain(id)
    })
  }

  async #drain(id: string): Promise<void> {
    // One turn later, so that jobs of the same turn share the first round.
    await Promise.resolve()
    const queue = this.#queues.get(id) ?? []
    while (queue.length > 0) {
      const round = queue.splice(0, MAX_JOBS)
      try {
        await this.#round(id, round)
      } catch (error) {
        // Those that came meanwhile have waited for the same store: it is not to keep them for another deadline.
        if (isTimeout(error)) round.push(...queue.splice(0))
        for (const waiting of round) waiting.reject(error)
      }
    }
    this.#queues.delete(id)
  }

  async #round(id: string, jobs: readonly QueuedJob[]): Promise<void> {
    let round = jobs
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const patience = new SharedPatience(round)
      const record = await this.#store.find(id, patience)
      if (record === null || !isLive(record, this.#now())) throw endedError()
      const { set, unset, done } = applyAll(record, round)
      if (done.length === 0) return
      // A job that was refused stays refused, whatever the next attempt would say.
      round = done
      if (set.size === 0 && unset.length === 0) {
        for (const waiting of done) waiting.resolve(record)
        return
      }
      const touch = done.findLast(({ job }) => job.touch !== undefined)?.job.touch
      const change: RecordChange = {
        now: this.#now(),
        ifVersion: record.version,
        set,
        unset,
        maxDataBytes: this.#maxDataBytes + reservedBytes(record.data),
        ...(touch === undefined ? {} : { touch }),
      }
      const result = await this.#store.update(id, change, patience)
      switch (result.status) {
        case 'updated':
          for (const waiting of done) waiting.resolve(result.record)
          return
        case 'conflict':
          if (attempt > 3) await pause(Math.random() * Math.min(attempt, 20))
          continue
        case 'too_large':
          await this.#refuseTooLarge(id, done, result.bytes - reservedBytes(record.data))
          return
        default:
          throw endedError()
      }
    }
    throw conflictError(MAX_ATTEMPTS)
  }

  /** One job too large must not take the others of its round down with it. */
  async #refuseTooLarge(id: string, round: readonly QueuedJob[], bytes: number): Promise<void> {
    const [only, ...others] = round
    if (only !== undefined && others.length === 0) {
      only.reject(tooLargeError(bytes, this.#maxDataBytes))
      return
    }
    for (const waiting of round) {
      try {
        await this.#round(id, [waiting])
      } catch (error) {
        waiting.reject(error)
      }
    }
  }
}

/** The jobs of a round wait together: as long as the least patient of them. */
class SharedPatience implements Waiting {
  readonly #jobs: readonly Waiting[]

  constructor(round: readonly QueuedJob[]) {
    this.#jobs = round.map(({ job }) => job.patience)
  }

  begin(): number {
    return this.#jobs.reduce((least, job) => Math.min(least, job.begin()), Infinity)
  }

  end(givenUp: boolean): void {
    for (const job of this.#jobs) job.end(givenUp)
  }
}

interface Applied {
  readonly set: Texts
  readonly unset: readonly string[]
  readonly done: readonly QueuedJob[]
}

function applyAll(record: SessionRecord, round: readonly QueuedJob[]): Applied {
  const changed = new Map<string, string | null>()
  const done: QueuedJob[] = []
  for (const waiting of round) {
    const { job } = waiting
    if (job.ifGeneration !== record.generation) {
      waiting.reject(endedError())
      continue
    }
    try {
      const pending = changed.get(job.name)
      const text = job.apply(
        pending === undefined ? record.data.get(job.name) : (pending ?? undefined),
      )
      if (text !== undefined) changed.set(job.name, text)
      if (typeof text === 'string' && job.stamp !== null) changed.set(...job.stamp)
      done.push(waiting)
    } catch (error) {
      waiting.reject(error)
    }
  }
  const set = new Map<string, string>()
  const unset: string[] = []
  for (const [name, text] of changed) {
    if (text !== null && text !== record.data.get(name)) set.set(name, text)
    if (text === null && record.data.has(name)) unset.push(name)
  }
  return { set, unset, done }
}

function isTimeout(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_STORE_TIMEOUT'
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
