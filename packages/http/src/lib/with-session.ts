import { type JsonValue, SessionError, type Session, type Sessions } from '@holdfast/core'
import { fetchSessions } from './fetch.js'
import type { ConnectionInfo } from './fetch-request.js'
import { statusOf } from './status.js'
import type { TransportOptions } from './transport.js'

/** Answers a request with its session, already loaded. */
export type FetchSessionHandler<Data extends object> = (
  request: Request,
  session: Session<Data>,
  info: ConnectionInfo,
) => Response | Promise<Response>

export interface FetchSessionOptions extends TransportOptions {
  /**
   * Answers a request that cannot be served: the store failed (503), another site sent it (403), or the handler threw.
   * Default: the status alone, as `application/problem+json`.
   */
  readonly onError?: (error: unknown, request: Request) => Response | Promise<Response>
}

/**
 * A fetch handler that gives each request its session and commits what changed with the response, that of an error
 * included. Never rejects unless `onError` does.
 */
export function withSession<Data extends object = Record<string, JsonValue>>(
  sessions: Sessions<Data>,
  handler: FetchSessionHandler<Data>,
  { onError = answer, ...options }: FetchSessionOptions = {},
): (request: Request, info?: ConnectionInfo) => Promise<Response> {
  const open = fetchSessions(sessions, options)
  return async (request, info = {}) => {
    try {
      const { session, commit } = await open(request, info)
      const response = await respond(() => handler(request, session, info), onError, request)
      return await commit(response)
    } catch (error) {
      return onError(error, request)
    }
  }
}

/** What the handler answers; where it throws, what a sign-in before that has changed still leaves with the response. */
async function respond(
  handle: () => Response | Promise<Response>,
  onError: NonNullable<FetchSessionOptions['onError']>,
  request: Request,
): Promise<Response> {
  try {
    return await handle()
  } catch (error) {
    return onError(error, request)
  }
}

function answer(error: unknown): Response {
  const status = statusOf(error)
  const code = error instanceof SessionError ? error.code : 'ERR_INTERNAL'
  const headers = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  return new Response(JSON.stringify({ type: 'about:blank', status, code }), { status, headers })
}
