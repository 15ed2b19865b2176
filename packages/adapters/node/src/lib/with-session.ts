import type { IncomingMessage, ServerResponse } from 'node:http'
import { SessionError, type JsonValue, type Session, type Sessions } from '@holdfast/core'
import { Session as OpenedSession } from '@holdfast/core/engine'
import { statusOf } from '@holdfast/http/transport'
import { createNodeDoor, type NodeDoorOptions } from './door.js'

/** Handles a request with its session, already loaded. May be asynchronous. */
export type SessionHandler<Data extends object> = (
  req: IncomingMessage,
  res: ServerResponse,
  session: Session<Data>,
) => unknown

export interface SessionHandlerOptions extends NodeDoorOptions {
  /**
   * Answers a request that cannot be served: the store failed (503), another site sent it (403), or the handler threw.
   * Default: the status alone, as `application/problem+json`.
   */
  readonly onError?: (error: unknown, req: IncomingMessage, res: ServerResponse) => void
}

/**
 * A listener for `http.createServer` that gives each request its session and commits what changed before the response's
 * headers leave: streaming, errors and aborted requests included.
 */
export function withSession<Data extends object = Record<string, JsonValue>>(
  sessions: Sessions<Data>,
  handler: SessionHandler<Data>,
  { onError = answer, ...options }: SessionHandlerOptions = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  const door = createNodeDoor(sessions, options)
  return (req, res) => {
    const fail = (error: unknown): void => onError(error, req, res)
    door(
      req,
      res,
      (open) => {
        try {
          const result = handler(req, res, new OpenedSession<Data>(open))
          if (result instanceof Promise) result.catch(fail)
        } catch (error) {
          fail(error)
        }
      },
      fail,
    )
  }
}

function answer(error: unknown, _req: IncomingMessage, res: ServerResponse): void {
  if (res.headersSent) {
    res.destroy()
    return
  }
  const status = statusOf(error)
  const code = error instanceof SessionError ? error.code : 'ERR_INTERNAL'
  res.statusCode = status
  res.setHeader('Content-Type', 'application/problem+json')
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.end(JSON.stringify({ type: 'about:blank', status, code }))
}
