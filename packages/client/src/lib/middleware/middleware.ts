import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CurrentHeaders, SessionHeaders } from '@holdfast/http/transport'
import { sessionCacheControl, mergeVary } from '@holdfast/http'
import { ResponseGuard } from '@holdfast/node/middleware'
import { ASSERTION_HEADER } from '@holdfast/protocol'
import type { AppClient, VisitorHeaders } from '../app.js'
import { DaemonSession } from './daemon-session.js'
import { toSessionError } from './failures.js'

/** A middleware of Express and its kin; on bare node:http, call it with a `next` of your own. */
export type DaemonMiddleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** Options of {@link daemonSession}. */
export interface DaemonSessionOptions {
  /**
   * What is known of a visitor's connection. Default: what the web server in front says in `X-Forwarded-Proto`, `-Host` and `-For`.
   * So nobody but that web server may reach the application: it listens on a unix socket or on loopback.
   */
  readonly visitor?: (req: IncomingMessage) => Pick<VisitorHeaders, 'scheme' | 'host' | 'address'>
}

/**
 * `req.session` is there, loaded from the daemon, when the next handler runs, and what changed is sent to it before the response's
 * headers leave. A request without a cookie asks nothing.
 *
 * A daemon that does not answer gives `next(error)` with status 503, before the handler or in place of its response.
 */
export function daemonSession(
  client: AppClient,
  { visitor: connectionOf = forwarded }: DaemonSessionOptions = {},
): DaemonMiddleware {
  return (req, res, next) => {
    const { cookie, 'user-agent': userAgent } = req.headers
    const checked = req.headers[ASSERTION_HEADER] !== undefined
    const visitor = client.visitor({ cookie, userAgent, checked, ...connectionOf(req) })
    const enter = (session: DaemonSession): void => {
      Object.assign(req, { session })
      new DaemonGuard(res, session, next).watch()
      next()
    }
    if (cookie === undefined) enter(new DaemonSession(visitor, null))
    else
      visitor.load().then(
        (loaded) => enter(new DaemonSession(visitor, loaded)),
        (error: unknown) => {
          res.setHeader('Cache-Control', 'no-store')
          next(toSessionError(error))
        },
      )
  }
}

/** The web server's word, which the application alone can hear. Several values: the last, which is the nearest's. */
function forwarded({
  headers,
}: IncomingMessage): Pick<VisitorHeaders, 'scheme' | 'host' | 'address'> {
  const last = (name: string): string | undefined => {
    const value = headers[name]
    return (Array.isArray(value) ? value.at(-1) : value)?.split(',').at(-1)?.trim()
  }
  return {
    scheme: last('x-forwarded-proto') === 'https' ? 'https' : 'http',
    host: last('x-forwarded-host') ?? headers.host,
    address: last('x-forwarded-for'),
  }
}

class DaemonGuard extends ResponseGuard {
  readonly #session: DaemonSession

  constructor(res: ServerResponse, session: DaemonSession, fail: (error: unknown) => void) {
    super(res, fail)
    this.#session = session
  }

  get dirty(): boolean {
    return this.#session.dirty
  }

  save(): Promise<void> {
    return this.#session.commit()
  }

  headers({ cacheControl, vary }: CurrentHeaders): SessionHeaders {
    return {
      cacheControl: sessionCacheControl(cacheControl),
      vary: mergeVary(vary, 'Cookie'),
      setCookie: this.#session.setCookie,
    }
  }

  protected get closed(): boolean {
    return this.#session.closed
  }

  protected close(): void {
    this.#session.closed = true
  }

  protected finish(): boolean {
    this.#session.closed = true
    return this.#session.used || this.#session.setCookie !== undefined
  }

  protected listen(): void {
    this.#session.watcher = () => this.pending()
  }
}
