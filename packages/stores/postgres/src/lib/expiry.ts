import { SessionError } from '@holdfast/core'

/** How much longer than its deadline a statement may hold a connection before the connection is given up. */
const GRACE = 2000

/** The deadline of one call. */
export class Expiry {
  readonly #timeout: number
  #over = false
  #whenOver: (() => void) | null = null
  #late: (() => void) | null = null

  constructor(timeout: number) {
    this.#timeout = timeout
  }

  /** Whether the caller has been told that the call failed: what has not been sent yet must not be. */
  get over(): boolean {
    return this.#over
  }

  /** Throws where the call is over. */
  check(): void {
    if (this.#over) throw this.#error()
  }

  /** Calls `takeBack` at the deadline. */
  whenOver(takeBack: () => void): void {
    this.#whenOver = takeBack
  }

  /** Calls `giveUp` if the work goes on for long after the deadline. */
  whenLate(giveUp: () => void): void {
    this.#late = giveUp
  }

  /** The outcome of `work`, or `ERR_SESSION_STORE_TIMEOUT`; what comes after that is nobody's. */
  async race<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#over = true
        reject(this.#error())
        this.#whenOver?.()
        this.#watch(work)
      }, this.#timeout)
    })
    try {
      return await Promise.race([work, deadline])
    } finally {
      clearTimeout(timer)
    }
  }

  #watch(work: Promise<unknown>): void {
    const timer = setTimeout(() => this.#late?.(), GRACE)
    timer.unref()
    const done = (): void => clearTimeout(timer)
    work.then(done, done)
  }

  #error(): SessionError {
    return new SessionError(
      'ERR_SESSION_STORE_TIMEOUT',
      `PostgreSQL did not answer within ${this.#timeout} ms`,
      { retryable: true },
    )
  }
}
