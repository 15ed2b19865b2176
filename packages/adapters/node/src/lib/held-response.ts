import type { ServerResponse } from 'node:http'
import { muteResponse } from './muted-response.js'

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders'

const METHODS: readonly Method[] = ['writeHead', 'write', 'end', 'flushHeaders']

/** What to do when the response is about to begin. */
export interface HoldOptions {
  /** Saves what changed. The response begins when it resolves, or in the next turn if it gives no promise. */
  readonly commit: () => void | Promise<void>
  /** Whether something has changed since, so that there is more to save. */
  readonly dirty: () => boolean
  /** Puts the session's headers in; `args` are those of `writeHead`, and what it returns takes their place. */
  readonly begin: (args: readonly unknown[]) => readonly unknown[]
  /** The response cannot be sent: what the application wrote is dropped. */
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
    const res = this.#res
    const writeHead = res.writeHead.bind(res)
    res.writeHead = (...args: readonly unknown[]) => {
      res.writeHead = writeHead
      return call(res, writeHead, begin(args))
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
          if (this.#keep(method, args)) this.#commit(restore)
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

  #commit(restore: () => void): void {
    const failed = (error: unknown): void => {
      restore()
      this.#drop(error)
    }
    const done = (): void => {
      // Changed again while the store was busy.
      if (this.#options.dirty()) {
        this.#commit(restore)
        return
      }
      restore()
      this.#replay()
    }
    try {
      const committed = this.#options.commit()
      if (committed instanceof Promise) committed.then(done, failed)
      // Not now: the call that is being held has not returned to the application yet.
      else queueMicrotask(done)
    } catch (error) {
      queueMicrotask(() => failed(error))
    }
  }

  #replay(): void {
    let flowing = true
    const held = this.#held.splice(0)
    try {
      for (const { method, args } of held) {
        const result: unknown = call(this.#res, this.#res[method], args)
        if (method === 'write') flowing = result !== false
      }
    } catch (error) {
      // A header or a chunk that node does not take: the application would have got this error from its own call.
      this.#held.push(...held)
      this.#drop(error)
      return
    }
    if (flowing && !this.#res.writableEnded) this.#res.emit('drain')
  }

  #drop(error: unknown): void {
    const held = this.#held.splice(0)
    this.#options.fail(error)
    // An application that has ended its response says no more; one that is streaming does not know yet that it should.
    if (held.at(-1)?.method !== 'end') muteResponse(this.#res, error)
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
