import type { ServerResponse } from 'node:http'
import type { PendingWatcher } from '@holdfast/core/engine'
import type { CurrentHeaders, SessionHeaders } from '@holdfast/http/transport'
import { statusOf } from '@holdfast/http/transport'
import { type Commit, HeldResponse } from './held-response.js'
import { putSessionHeaders } from './response-headers.js'

/** Where a response keeps its guard. */
const GUARD = Symbol('holdfast.guard')

type Guarded = ServerResponse & { [GUARD]?: ResponseGuard }

/**
 * Stands before the first byte of a response: what changed in the session is committed before it, and the session's
 * headers leave with it.
 *
 * Nearly every response begins with nothing to commit. So this is one object, which one function for all responses finds
 * through the response; closures for each request cost more than the rest of the session, in garbage collection
 * (decision 012).
 */
export abstract class ResponseGuard implements Commit, PendingWatcher {
  readonly #res: Guarded
  readonly #fail: (error: unknown) => void
  readonly #writeHead: ServerResponse['writeHead']
  #begun = false

  constructor(res: ServerResponse, fail: (error: unknown) => void) {
    this.#res = res
    this.#fail = fail
    // oxlint-disable-next-line typescript/unbound-method -- it is applied to this very response
    this.#writeHead = res.writeHead
  }

  /** Whether there is something to commit. */
  abstract get dirty(): boolean

  /** Commits it. */
  abstract save(): void | Promise<void>

  /** The headers that the session adds to what the response says already. */
  abstract headers(current: CurrentHeaders): SessionHeaders

  /** Whether nothing can change any more. */
  protected abstract get closed(): boolean

  /** From now on nothing changes. */
  protected abstract close(): void

  /** The response begins, and nothing changes from now on. Whether the session adds headers to it. */
  protected abstract finish(): boolean

  /** Sees to it that this guard's `pending` is called when there first is something to commit. */
  protected abstract listen(): void

  /** Lets the response begin as usual, but for the session's headers, until there is something to commit. */
  watch(): void {
    const res = this.#res
    // A second session on one response finds the place taken.
    if (res[GUARD] !== undefined) res.writeHead = (...args: readonly unknown[]) => this.begin(args)
    else {
      res[GUARD] = this
      res.writeHead = writeHead
    }
    if (this.dirty) this.pending()
    else this.listen()
  }

  /** The response begins, with the session's headers among those that `writeHead` is given. */
  begin(args: readonly unknown[]): ServerResponse {
    const res = this.#res
    // The application begins it again: that is between node and the application.
    if (this.#begun) return Reflect.apply(this.#writeHead, res, args)
    this.#begun = true
    const given = this.finish() ? putSessionHeaders(res, args, this) : args
    return Reflect.apply(this.#writeHead, res, given)
  }

  /** From now on there is something to commit before the response may begin. */
  pending(): void {
    const res = this.#res
    new HeldResponse(res, this).hold()
    // A client that goes away does not take the changes of its request with it.
    res.once('close', () => {
      if (!this.closed && this.dirty) Promise.resolve(this.save()).catch(() => undefined)
    })
  }

  failed(error: unknown): void {
    this.close()
    clearResponse(this.#res, statusOf(error))
    this.#fail(error)
  }
}

/** `writeHead` of every guarded response; node calls it too when the application begins without it. */
function writeHead(this: Guarded, ...args: readonly unknown[]): ServerResponse {
  const guard = this[GUARD]
  if (guard === undefined) throw new TypeError('writeHead was taken to another response')
  return guard.begin(args)
}

/** What the application meant to send describes a response that is not sent. */
function clearResponse(res: ServerResponse, status: number): void {
  if (res.headersSent) return
  for (const name of res.getHeaderNames()) {
    if (/^(?:content-|etag$|last-modified$|location$|set-cookie$|transfer-encoding$)/.test(name))
      res.removeHeader(name)
  }
  res.statusCode = status
  res.setHeader('cache-control', 'no-store')
}
