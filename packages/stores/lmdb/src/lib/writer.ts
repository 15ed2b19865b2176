import { SessionError } from '@holdfast/core'
import { unavailable } from './failures.js'
import type { Limits } from './options.js'
import { errorOf, type Answer } from './wire.js'
import { WriterThread } from './writer-thread.js'

/** More in one transaction gains nothing and makes other processes wait. */
const MAX_GROUP = 500
const RESTART_PAUSE = 100

/** What the owner of a writer does at its turns. */
export interface WriterHooks {
  /** A group is durable: reads must see it from now on. */
  readonly answered: () => void
  /** A thread is about to be started in the place of one that died. May throw. */
  readonly beforeRestart: () => void
}

/** One write that waits for its answer. */
interface Pending {
  readonly head: string
  readonly argument: string
  readonly since: number
  /** Takes the writer's answer, or the reason why there is none. */
  readonly settle: (answer: Answer | SessionError) => void
}

/**
 * The main thread's end of the writing thread. Writes that arrive while one group is being committed form the next.
 *
 * A write is answered when it is durable. If that takes longer than `timeout`, or the thread dies, it fails, and it is
 * unknown whether it took place; the thread is started anew for the next one.
 */
export class Writer {
  readonly #path: string
  readonly #limits: Limits
  readonly #hooks: WriterHooks
  #thread: WriterThread | null = null
  #queue: Pending[] = []
  #inFlight: readonly Pending[] = []
  #scheduled = false
  #watchdog: NodeJS.Timeout | null = null
  #lastFailure: { readonly error: SessionError; readonly at: number } | null = null
  #drained: (() => void) | null = null

  constructor(path: string, limits: Limits, hooks: WriterHooks) {
    this.#path = path
    this.#limits = limits
    this.#hooks = hooks
    this.#thread = this.#start()
  }

  /** Ends the thread as a crash would, between two transactions. */
  async crash(): Promise<void> {
    await this.#thread?.kill(this.#limits.timeout)
  }

  /** Resolves with what `unpack` makes of the writer's answer. */
  write<T>([head, argument]: readonly [string, string], unpack: (answer: Answer) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal()
      if (refusal !== null) {
        reject(refusal)
        return
      }
      const settle = (answer: Answer | SessionError): void => {
        const error = answer instanceof SessionError ? answer : errorOf(answer)
        if (error !== null) reject(error)
        else if (!(answer instanceof SessionError)) resolve(unpack(answer))
      }
      this.#queue.push({ head, argument, since: performance.now(), settle })
      this.#schedule()
    })
  }

  /** Waits for what is pending, then ends the thread. */
  async close(): Promise<void> {
    if (this.#pending() > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    }
    const thread = this.#thread
    this.#thread = null
    await thread?.close(this.#limits.timeout)
  }

  #pending(): number {
    return this.#queue.length + this.#inFlight.length
  }

  #refusal(): SessionError | null {
    if (this.#pending() >= this.#limits.maxPending)
      return unavailable(this.#path, `${this.#limits.maxPending} writes are pending. Try later`)
    const failure = this.#lastFailure
    if (failure !== null && performance.now() - failure.at < RESTART_PAUSE) return failure.error
    return null
  }

  /** What one turn writes goes together. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight.length > 0) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#queue.length === 0) return
    this.#thread ??= this.#restart()
    if (this.#thread === null) return
    this.#watch()
    this.#thread.hold(true)
    if (!this.#thread.isIdle) return
    const group = this.#queue.splice(0, MAX_GROUP)
    this.#inFlight = group
    this.#thread.post(group.flatMap(({ head, argument }) => [head, argument]))
  }

  #start(): WriterThread {
    const thread: WriterThread = new WriterThread(this.#path, {
      ready: () => this.#flush(),
      done: (answers) => this.#answer(answers),
      ended: (error, hadStarted) => {
        if (this.#thread === thread) this.#lose(error, hadStarted)
      },
    })
    return thread
  }

  #restart(): WriterThread | null {
    try {
      this.#hooks.beforeRestart()
      return this.#start()
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error)
      this.#failAll(unavailable(this.#path, cause, error))
      return null
    }
  }

  #answer(answers: readonly Answer[]): void {
    const group = this.#inFlight
    this.#inFlight = []
    this.#lastFailure = null
    this.#hooks.answered()
    // The next group first: the thread works on it while this one's callers go on.
    this.#flush()
    for (const [at, answer] of answers.entries()) group[at]?.settle(answer)
    this.#rest()
  }

  /** The thread died. What it was at is lost, what waits goes to the next; a thread that cannot start fails all. */
  #lose(error: SessionError, hadStarted: boolean): void {
    this.#thread = null
    if (!hadStarted) {
      this.#failAll(error)
      return
    }
    this.#fail(this.#takeInFlight(), error)
    this.#flush()
    this.#rest()
  }

  #failAll(error: SessionError): void {
    this.#lastFailure = { error, at: performance.now() }
    const pending = [...this.#takeInFlight(), ...this.#queue.splice(0)]
    this.#fail(pending, error)
    this.#rest()
  }

  #takeInFlight(): readonly Pending[] {
    const group = this.#inFlight
    this.#inFlight = []
    return group
  }

  #fail(pending: readonly Pending[], error: SessionError): void {
    for (const { settle } of pending) settle(error)
  }

  /** Lets the process end, and `close` go on, once nothing is pending. */
  #rest(): void {
    if (this.#pending() > 0) return
    this.#thread?.hold(false)
    this.#drained?.()
  }

  #watch(): void {
    if (this.#watchdog !== null) return
    const oldest = this.#inFlight[0] ?? this.#queue[0]
    const age = oldest === undefined ? 0 : performance.now() - oldest.since
    const wait = Math.max(1, this.#limits.timeout - age)
    this.#watchdog = setTimeout(() => this.#expire(), wait).unref()
  }

  /** A group that has waited too long is given up: the thread drops it if it has not committed it yet. */
  #expire(): void {
    this.#watchdog = null
    const limit = performance.now() - this.#limits.timeout
    const error = unavailable(
      this.#path,
      `no answer from the disk within ${this.#limits.timeout} ms, or another process holds the lock`,
    )
    if ((this.#inFlight[0]?.since ?? Infinity) <= limit) {
      this.#thread?.giveUp()
      this.#fail(this.#takeInFlight(), error)
    }
    const fresh = this.#queue.findIndex(({ since }) => since > limit)
    this.#fail(this.#queue.splice(0, fresh === -1 ? this.#queue.length : fresh), error)
    if (this.#pending() > 0) this.#watch()
    this.#rest()
  }
}
