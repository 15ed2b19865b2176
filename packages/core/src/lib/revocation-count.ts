import type { GuardedStore } from './guarded-store.js'
import { isPromise, type MaybePromise } from './maybe-promise.js'

/** A read that takes longer than this, in milliseconds, is one of a store in trouble. */
const SLOW = 45

interface Reading {
  readonly since: number
  readonly count: Promise<number>
}

/**
 * The store's revocation counter, as requests learn it before the application sees them. An older count is as safe as the
 * present one: it can only refuse a sign-in, never let one through.
 */
export class RevocationCount {
  readonly #store: GuardedStore
  /** The read that has been under way for longest. */
  #reading: Reading | null = null
  #last: number | null = null

  constructor(store: GuardedStore) {
    this.#store = store
  }

  /** What was read last; null if nothing was yet. */
  get last(): number | null {
    return this.#last
  }

  /**
   * The count, now. Never throws, but may reject. A slow store is not asked by each request: those that come while it is
   * being waited for wait together, so that its trouble does not grow with the number of visitors.
   */
  read(): MaybePromise<number> {
    const reading = this.#reading
    if (reading !== null && performance.now() - reading.since >= SLOW) return reading.count
    try {
      const count = this.#store.epoch()
      if (!isPromise(count)) return (this.#last = count)
      void this.#learn({ since: performance.now(), count })
      return count
    } catch (error) {
      const failed = Promise.reject<number>(error)
      failed.catch(() => undefined)
      return failed
    }
  }

  async #learn(reading: Reading): Promise<void> {
    this.#reading ??= reading
    // A failure is for the sign-in that needs the counter.
    const count = await reading.count.catch(() => null)
    if (count !== null) this.#last = count
    if (this.#reading === reading) this.#reading = null
  }
}
