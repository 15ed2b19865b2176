import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MaybePromise, Sessions } from '@holdfast/core'
import { isPromise, type OpenSession } from '@holdfast/core/engine'
import { createTransport, type TransportOptions } from '@holdfast/http/transport'
import { NodeRequest } from './node-request.js'
import { guardResponse } from './session-guard.js'

/** Options of every adapter that stands on node:http. */
export interface NodeDoorOptions<
  Message extends IncomingMessage = IncomingMessage,
> extends TransportOptions {
  /** Whether a request moves the idle deadline; answer false for background polling. Default: every request does. */
  readonly countsAsActivity?: (request: Message) => boolean
}

/** Opens the session of one request and sees to its commit. Exactly one of `done` and `fail` is called first; `fail` may follow `done` if the commit fails. */
export type NodeDoor<Message extends IncomingMessage = IncomingMessage> = (
  req: Message,
  res: ServerResponse,
  done: (open: OpenSession) => void,
  fail: (error: unknown) => void,
) => void

/** Makes the door. Throws `TypeError` naming a wrong option. */
export function createNodeDoor<
  Data extends object,
  Message extends IncomingMessage = IncomingMessage,
>(sessions: Sessions<Data>, options: NodeDoorOptions<Message> = {}): NodeDoor<Message> {
  const { countsAsActivity, ...transportOptions } = options
  if (countsAsActivity !== undefined && typeof countsAsActivity !== 'function') {
    throw new TypeError('countsAsActivity must be a function')
  }
  const transport = createTransport(sessions, transportOptions)
  for (const warning of transport.cookie.warnings) process.emitWarning(warning, 'HoldfastWarning')
  const open = (req: Message, request: NodeRequest): MaybePromise<OpenSession> => {
    transport.assertSameOrigin(request)
    return transport.open(request, countsAsActivity?.(req) ?? true)
  }
  return (req, res, done, fail) => {
    const request = new NodeRequest(req)
    const enter = (opened: OpenSession): void => {
      guardResponse(res, transport, request, opened, fail)
      done(opened)
    }
    const refused = (error: unknown): void => refuse(res, error, fail)
    let opened: MaybePromise<OpenSession>
    try {
      opened = open(req, request)
    } catch (error) {
      refused(error)
      return
    }
    if (isPromise(opened)) opened.then(enter, refused)
    else enter(opened)
  }
}

/** No cache keeps the answer to a request that was not served. */
function refuse(res: ServerResponse, error: unknown, fail: (error: unknown) => void): void {
  if (!res.headersSent) res.setHeader('Cache-Control', 'no-store')
  fail(error)
}
