import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MaybePromise, Sessions } from '@holdfast/core'
import { isPromise, type OpenSession } from '@holdfast/core/engine'
import {
  createTransport,
  statusOf,
  type Transport,
  type TransportOptions,
} from '@holdfast/http/transport'
import { HeldResponse } from './held-response.js'
import { NodeRequest } from './node-request.js'
import { putSessionHeaders } from './response-headers.js'

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
      guard(transport, request, res, opened, fail)
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

/** Sees to it that what changes is committed before the response begins. */
function guard(
  transport: Transport,
  request: NodeRequest,
  res: ServerResponse,
  open: OpenSession,
  fail: (error: unknown) => void,
): void {
  const response = new HeldResponse(res, {
    commit: () => save(open),
    dirty: () => open.dirty,
    begin: (args) => {
      const action = open.finish()
      return putSessionHeaders(res, args, transport, request, open.used, action)
    },
    fail: (error) => {
      open.close()
      clearResponse(res, statusOf(error))
      fail(error)
    },
  })
  response.watch()
  if (open.dirty) hold(response, res, open)
  else open.onPending = () => hold(response, res, open)
}

function save(open: OpenSession): void | Promise<void> {
  const action = open.commit()
  if (isPromise(action)) return action.then(() => undefined)
}

function hold(response: HeldResponse, res: ServerResponse, open: OpenSession): void {
  response.hold()
  // A client that goes away does not take the changes of its request with it.
  res.once('close', () => {
    if (!open.closed && open.dirty) Promise.resolve(save(open)).catch(() => undefined)
  })
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
