import type { GuardedStore } from './guarded-store.js'
import type { Clock } from './time.js'

const BATCH = 500

/** Deletes expired records in small batches, giving way to other work between them. */
export class Sweeper {
  readonly #store: GuardedStore
  readonly #now: Clock
  #timer: NodeJS.Timeout | null = null
  #running: Promise<number> | null = null
  #closed = false

  constructor(store: GuardedStore, now: Clock) {
    this.#store = store
    this.#now = now
  }

  /** Sweeps every `interval` milliseconds; does not keep the process alive. */
  start(interval: number): void {
    this.#timer = setInterval(() => {
      // A failure is an event of the store already; the next turn tries again.
      this.run().catch(() => undefined)
    }, interval)
    this.#timer.unref()
  }

  /** Deletes what is due now and returns how many records that were. Calls at the same time share one run. */
  run(): Promise<number> {
    this.#running ??= this.#sweep().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async stop(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#running?.catch(() => undefined)
  }

  async #sweep(): Promise<number> {
    let deleted = 0
    while (!this.#closed) {
      const batch = await this.#store.sweep(this.#now(), BATCH)
      deleted += batch.deleted
      if (!batch.more) break
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    return deleted
  }
}
