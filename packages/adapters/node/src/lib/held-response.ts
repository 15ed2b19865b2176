import type { ServerResponse } from 'node:http'

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders'

const METHODS: readonly Method[] = ['writeHead', 'write', 'end', 'flushHeaders']

/** What to do when the response is about to begin. */
export interface HoldOptions {
  /** Saves what changed. The response begins when it resolves, or at once if it gives no promise. */
  readonly commit: () => void | Promise<void>
  /** Puts the session's headers in; `args` are those of `writeHead`, and what it returns takes their place. */
  readonly begin: (args: readonly unknown[]) => readonly unknown[]
  /** The commit failed: nothing of the response has left, and what the application wrote is dropped. */
  readonly fail: (error: unknown) => void
}

/**
 * Keeps back everything that would begin the response until the commit is through: `writeHead`, `write`, `end` and
 * `flushHeaders` are remembered in order, then replayed. Streams see backpressure meanwhile.
 */
export class HeldResponse {
  readonly #res: ServerResponse
  readonly #options: HoldOptions
  readonly #held: { readonly method: Method; readonly args: readonly unknown[] }[] = []
  #holding = false

  constructor(res: ServerResponse, options: HoldOptions) {
    this.#res = res
    this.#options = options
  }

  /** Lets the response begin as usual, but for the headers that `begin` adds. */
  watch(): void {
    const { begin } = this.#options
    const original = this.#res.writeHead
    this.#res.writeHead = (...args: readonly unknown[]) => {
      this.#res.writeHead = original
      return call(this.#res, original, begin(args))
    }
  }

  /** From now on there is something to commit before the response may begin. */
  hold(): void {
    if (this.#holding || this.#res.headersSent) return
    this.#holding = true
    const res = this.#res
    const originals = METHODS.map((method) => [method, res[method]] as const)
    const restore = (): void => {
      Reflect.deleteProperty(res, 'headersSent')
      for (const [method, original] of originals) Object.assign(res, { [method]: original })
    }
    for (const method of METHODS) {
      Object.assign(res, {
        [method]: (...args: readonly unknown[]) => {
          if (this.#keep(method, args)) this.#start(restore)
          return method === 'write' ? false : res
        },
      })
    }
  }

  /** Remembers a call; true if it is the first. Nothing follows an `end`. */
  #keep(method: Method, args: readonly unknown[]): boolean {
    if (this.#held.at(-1)?.method === 'end') return false
    if (this.#held.push({ method, args }) > 1) return false
    // For the application the response has begun, so that an error after this is not answered a second time.
    Object.defineProperty(this.#res, 'headersSent', { value: true, configurable: true })
    return true
  }

  #start(restore: () => void): void {
    const done = (): void => {
      restore()
      this.#replay()
    }
    const failed = (error: unknown): void => {
      restore()
      this.#drop(error)
    }
    try {
      const committed = this.#options.commit()
      if (committed instanceof Promise) committed.then(done, failed)
      // Not now: the call that is being held has not returned to the application yet.
      else queueMicrotask(done)
    } catch (error) {
      queueMicrotask(() => {
        failed(error)
      })
    }
  }

  #replay(): void {
    let flowing = true
    for (const { method, args } of this.#held.splice(0)) {
      const result: unknown = call(this.#res, this.#res[method], args)
      if (method === 'write') flowing = result !== false
    }
    if (flowing && !this.#res.writableEnded) this.#res.emit('drain')
  }

  #drop(error: unknown): void {
    const held = this.#held.splice(0)
    this.#options.fail(error)
    for (const { args } of held) {
      const callback = args.findLast((argument) => typeof argument === 'function')
      if (typeof callback === 'function')
        queueMicrotask(() => Reflect.apply(callback, undefined, [error]))
    }
  }
}

function call<Result>(
  res: ServerResponse,
  method: (...args: never[]) => Result,
  args: readonly unknown[],
): Result {
  // The arguments are those that the application gave to this very method.
  return Reflect.apply(method, res, args)
}
