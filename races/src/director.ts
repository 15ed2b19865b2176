import { pause } from '@holdfast/test-servers/wait'
import type { HeldCall } from './fleet.js'
import type { Random } from './random.js'

/**
 * How long nothing may happen, in milliseconds, before the next is chosen although a request seems to run: it may wait for
 * the call of another one of its process.
 */
const SETTLED = 8

/** Decides in which order the requests of one race begin and their store calls reach the database: one after the other. */
export class Director {
  readonly #random: Random
  readonly #turns: (() => void)[] = []
  /** Requests that were told to go and have not come to their next call yet. */
  #running = 0
  /** Requests that have not ended. */
  #left = 0
  #happened: () => void = () => undefined

  constructor(random: Random) {
    this.#random = random
  }

  /** A call that waits for its turn. */
  held({ go }: HeldCall): void {
    this.#turns.push(go)
    this.#running -= 1
    this.#happened()
  }

  /** Runs the requests to their ends. */
  async conduct(requests: readonly (() => Promise<void>)[]): Promise<void> {
    this.#left = requests.length
    const ends: Promise<void>[] = []
    for (const request of requests)
      this.#turns.push(() => {
        const end = request().finally(() => {
          this.#left -= 1
          this.#running -= 1
          this.#happened()
        })
        // What it fails with is told at the end.
        end.catch(() => undefined)
        ends.push(end)
      })
    while (this.#left > 0) {
      await this.#quiet()
      const [turn] = this.#turns.splice(this.#random.below(Math.max(1, this.#turns.length)), 1)
      if (turn === undefined) continue
      this.#running += 1
      turn()
    }
    await Promise.all(ends)
  }

  async #quiet(): Promise<void> {
    while (this.#running > 0) {
      const happened = new Promise<true>((resolve) => {
        this.#happened = () => resolve(true)
      })
      const settled = (await Promise.race([happened, pause(SETTLED)])) !== true
      if (settled && this.#turns.length > 0) return
    }
    // A call may have been made for a request that has ended.
    if (this.#turns.length === 0) await pause(1)
    this.#running = Math.max(0, this.#running)
  }
}
