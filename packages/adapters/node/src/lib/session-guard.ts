import type { ServerResponse } from 'node:http'
import { type CookieAction, isPromise, type OpenSession } from '@holdfast/core/engine'
import {
  type CurrentHeaders,
  type IncomingRequest,
  type SessionHeaders,
  sessionHeaders,
  type Transport,
} from '@holdfast/http/transport'
import { ResponseGuard } from './response-guard.js'

/** The guard of a response whose session this process holds. */
class SessionGuard extends ResponseGuard {
  readonly #transport: Transport
  readonly #request: IncomingRequest
  readonly #open: OpenSession
  #action: CookieAction = { kind: 'none' }

  constructor(
    res: ServerResponse,
    transport: Transport,
    request: IncomingRequest,
    open: OpenSession,
    fail: (error: unknown) => void,
  ) {
    super(res, fail)
    this.#transport = transport
    this.#request = request
    this.#open = open
  }

  get dirty(): boolean {
    return this.#open.dirty
  }

  save(): void | Promise<void> {
    const action = this.#open.commit()
    if (isPromise(action)) return action.then(() => undefined)
  }

  headers(current: CurrentHeaders): SessionHeaders {
    const { cookie } = this.#transport
    const variant = () => this.#transport.variantFor(this.#request)
    return sessionHeaders(cookie, variant, this.#open.used, this.#action, current)
  }

  protected get closed(): boolean {
    return this.#open.closed
  }

  protected close(): void {
    this.#open.close()
  }

  protected finish(): boolean {
    this.#action = this.#open.finish()
    return this.#open.used || this.#action.kind !== 'none'
  }

  protected listen(): void {
    this.#open.watcher = this
  }
}

/** Sees to it that what changes is committed before the response begins; `fail` is called if it cannot be. */
export function guardResponse(
  res: ServerResponse,
  transport: Transport,
  request: IncomingRequest,
  open: OpenSession,
  fail: (error: unknown) => void,
): void {
  new SessionGuard(res, transport, request, open, fail).watch()
}
