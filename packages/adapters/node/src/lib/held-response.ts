import type { ServerResponse } from 'node:http'
import { muteResponse } from './muted-response.js'

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders'

const METHODS: readonly Method[] = ['writeHead', 'write', 'end', 'flushHeaders']

/** What a response waits for. */
export interface Commit {
  /** Saves what changed. The response begins when it resolves, or in the next turn if it gives no promise. */
  save(): void | Promise<void>
  /** Whether something has changed since, so that there is more to save. */
  readonly dirty: boolean
  /** The response cannot be sent: what the application wrote is dropped. */
  failed(error: unknown): void
}

/**
 * Keeps back everything that would begin the response until the commit is through: `writeHead`, `write`, `end` and
 * `flushHeaders` are remembered in order, then replayed. Streams see backpressure meanwhile. What other middlewares put
 * around these methods stays there.
 */
export class HeldResponse {
  readonly #res: ServerResponse
  readonly #commit: Commit
  readonly #originals = new Map<Method, (...args: never[]) => unknown>()
  readonly #held: { readonly method: Method; readonly args: readonly unknown[] }[] = []
  #holding = true

  constructor(res: ServerResponse, commit: Commit) {
    this.#res = res
    this.#commit = commit
  }

  /** From now on there is something to commit before the response may begin. */
  hold(): void {
    const res = this.#res
    if (res.headersSent) return
    for (const method of METHODS) {
      this.#originals.set(method, res[method])
      Object.assign(res, {
        [method]: (...args: readonly unknown[]) => {
          if (!this.#holding) return this.#call(method, args)
          if (this.#keep(method, args)) this.#save()
          return method === 'write' ? false : res
        },
      })
    }
  }

  /** Remembers a call; true if it is the first. Nothing follows an `end`. */
  #keep(method: Method, args: readonly unknown[]): boolean {
    if (this.#held.at(-1)?.method === 'end') return false
    // Who compresses begins the head before each chunk, as long as node has none.
    if (method === 'writeHead' && args.length === 1 && this.#held.length > 0) return false
    if (this.#held.push({ method, args }) > 1) return false
    // For the application the response has begun, so that an error after this is not answered a second time.
    Object.defineProperty(this.#res, 'headersSent', { value: true, configurable: true })
    return true
  }

  #save(): void {
    const failed = (error: unknown): void => {
      this.#release()
      this.#drop(error)
    }
    const done = (): void => {
      // Changed again while the store was busy.
      if (this.#commit.dirty) {
        this.#save()
        return
      }
      this.#release()
      this.#replay()
    }
    try {
      const saved = this.#commit.save()
      if (saved instanceof Promise) saved.then(done, failed)
      // Not now: the call that is being held has not returned to the application yet.
      else queueMicrotask(done)
    } catch (error) {
      queueMicrotask(() => failed(error))
    }
  }

  #release(): void {
    this.#holding = false
    Reflect.deleteProperty(this.#res, 'headersSent')
  }

  #replay(): void {
    let flowing = true
    const held = this.#held.splice(0)
    try {
      for (const { method, args } of held) {
        const result = this.#call(method, args)
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
    // What others have put around these methods has worked for the response that is not sent.
    for (const [method, original] of this.#originals)
      Object.assign(this.#res, { [method]: original })
    this.#commit.failed(error)
    // An application that has ended its response says no more; one that is streaming does not know yet that it should.
    if (held.at(-1)?.method !== 'end') muteResponse(this.#res, error)
    for (const { args } of held) {
      const callback = args.findLast((argument) => typeof argument === 'function')
      if (typeof callback === 'function')
        queueMicrotask(() => Reflect.apply(callback, undefined, [error]))
    }
  }

  #call(method: Method, args: readonly unknown[]): unknown {
    // The arguments are those that the application gave to this very method.
    return Reflect.apply(this.#originals.get(method) ?? this.#res[method], this.#res, args)
  }
}
