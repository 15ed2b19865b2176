import { Problem } from './problem.js'

const MAX_FAILURES = 10
const WINDOW = 60_000
const MAX_ENTRIES = 10_000
/** The thread pool that hashes passwords commits to the store, too: two at a time leave it room. */
const AT_ONCE = 2
const MAX_WAITING = 1_000

interface Failures {
  count: number
  readonly until: number
}

/**
 * Limits how often a password can be guessed: ten failures per account and address in a minute. It is kept in memory; a
 * site with several processes keeps it where all of them see it.
 */
export class Attempts {
  readonly #failures = new Map<string, Failures>()
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** Runs `check` in its turn. Throws 429 after too many failures, so that parallel guesses gain nothing. */
  async run(account: string, address: string, check: () => Promise<boolean>): Promise<boolean> {
    await this.#turn()
    try {
      const key = JSON.stringify([account, address])
      this.#refuseTooMany(key)
      const right = await check()
      if (right) this.#failures.delete(key)
      else this.#failed(key)
      return right
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < AT_ONCE) {
      this.#running++
      return
    }
    if (this.#waiting.length >= MAX_WAITING)
      throw new Problem(503, 'busy', 'Too many people are signing in. Try again in a moment.', {
        'Retry-After': '5',
      })
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  #refuseTooMany(key: string): void {
    const failures = this.#failures.get(key)
    const wait = failures === undefined ? 0 : Math.ceil((failures.until - Date.now()) / 1000)
    if (wait <= 0) this.#failures.delete(key)
    else if (failures !== undefined && failures.count >= MAX_FAILURES) {
      throw new Problem(
        429,
        'too_many_attempts',
        `Too many wrong passwords. Try again in ${wait} seconds.`,
        { 'Retry-After': String(wait) },
      )
    }
  }

  #failed(key: string): void {
    const failures = this.#failures.get(key)
    if (failures !== undefined) {
      failures.count++
      return
    }
    // Entries stand in the order in which they end, so the first is the one to give up.
    const [oldest] = this.#failures.keys()
    if (oldest !== undefined && this.#failures.size >= MAX_ENTRIES) this.#failures.delete(oldest)
    this.#failures.set(key, { count: 1, until: Date.now() + WINDOW })
  }
}
