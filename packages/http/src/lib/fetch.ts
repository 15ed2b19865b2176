import {
  Session as OpenedSession,
  type CookieAction,
  type OpenSession,
} from '@holdfast/core/engine'
import { type JsonValue, SessionError, type Session, type Sessions } from '@holdfast/core'
import { sessionHeaders } from './session-headers.js'
import { type ConnectionInfo, FetchRequest } from './fetch-request.js'
import {
  createTransport,
  type IncomingRequest,
  type Transport,
  type TransportOptions,
} from './transport.js'

/** One request's session, and the way back. */
export interface OpenedRequest<Data extends object> {
  readonly session: Session<Data>
  /**
   * Writes what changed and gives the response with its session headers. Call it once, with the response to send; a
   * session may not be changed after it. Errors: store errors, upon which the response must not be sent (`statusOf`: 503).
   */
  readonly commit: (response: Response) => Promise<Response>
}

/** Opens the session of a fetch-standard request. */
export type Open<Data extends object> = (
  request: Request,
  info?: ConnectionInfo,
) => Promise<OpenedRequest<Data>>

/**
 * Sessions for fetch handlers: `const { session, commit } = await open(request)`, then `return commit(response)`.
 *
 * Errors of `open`: `ERR_SESSION_CSRF` (403) for an unsafe request of another site, store errors (503).
 */
export function fetchSessions<Data extends object = Record<string, JsonValue>>(
  sessions: Sessions<Data>,
  options: TransportOptions = {},
): Open<Data> {
  const transport = createTransport(sessions, options)
  return async (request, info = {}) => {
    const incoming = new FetchRequest(request, info)
    transport.assertSameOrigin(incoming)
    const open = await transport.open(incoming, info.countsAsActivity ?? true)
    return {
      session: new OpenedSession<Data>(open),
      commit: (response) => commit(transport, incoming, open, response),
    }
  }
}

async function commit(
  transport: Transport,
  request: IncomingRequest,
  open: OpenSession,
  response: Response,
): Promise<Response> {
  if (open.closed) {
    throw new SessionError(
      'ERR_SESSION_RESPONSE_COMMITTED',
      'commit() was called twice for one request',
    )
  }
  const action = await save(open, response)
  const { headers } = response
  const current = { cacheControl: headers.get('cache-control'), vary: headers.get('vary') }
  const variant = (): ReturnType<Transport['variantFor']> => transport.variantFor(request)
  const next = sessionHeaders(transport.cookie, variant, open.used, action, current)
  if (next.cacheControl === undefined) return response
  // A response from fetch() or Response.redirect() has immutable headers.
  const sent = new Response(response.body, response)
  sent.headers.set('cache-control', next.cacheControl)
  if (next.vary !== undefined) sent.headers.set('vary', next.vary)
  if (next.setCookie !== undefined) sent.headers.append('set-cookie', next.setCookie)
  return sent
}

/** Stores what changed, what changes meanwhile included, and lets nothing change any more. */
async function save(open: OpenSession, response: Response): Promise<CookieAction> {
  try {
    do await open.commit()
    while (open.dirty)
    return open.finish()
  } catch (error) {
    open.close()
    // It is not sent: whatever feeds its body need not go on.
    await response.body?.cancel(error)
    throw error
  }
}
