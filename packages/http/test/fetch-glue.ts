import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  listen,
  type AdapterMount,
  type AdapterServer,
  type AppReply,
} from '@holdfast/conformance/adapter'
import { SessionError } from '@holdfast/core'
import { withSession } from '../src/index.js'
import { statusOf } from '../src/transport.js'

/** The standard application as a fetch handler, behind the least of a bridge from node:http. */
export function startFetch({ sessions, options, app }: AdapterMount): Promise<AdapterServer> {
  const handle = withSession(
    sessions,
    async (request, session) => {
      const { pathname, search } = new URL(request.url)
      const asked = { method: request.method, url: `${pathname}${search}` }
      return toResponse(await app.answer(asked, session))
    },
    { ...options, onError: toError },
  )
  return listen((req, res) => {
    const request = toRequest(req)
    handle(request, { address: req.socket.remoteAddress ?? '' }).then(
      (response) => send(res, response, req.method === 'HEAD'),
      () => res.destroy(),
    )
  })
}

function toRequest(req: IncomingMessage): Request {
  const headers = new Headers()
  for (let at = 0; at + 1 < req.rawHeaders.length; at += 2) {
    headers.append(req.rawHeaders[at] ?? '', req.rawHeaders[at + 1] ?? '')
  }
  req.resume()
  return new Request(`http://${req.headers.host}${req.url}`, {
    method: req.method ?? 'GET',
    headers,
  })
}

function toResponse(reply: AppReply): Response {
  const headers = new Headers()
  for (const [name, value] of reply.headers) headers.append(name, value)
  if (reply.redirect !== null) headers.set('Location', reply.redirect)
  const { body } = reply
  const stream = body === null || typeof body === 'string' ? body : ReadableStream.from(body)
  return new Response(stream, { status: reply.status, headers })
}

function toError(error: unknown): Response {
  const code = error instanceof SessionError ? error.code : 'ERR_INTERNAL'
  const headers = { 'Cache-Control': 'no-store' }
  return Response.json({ code }, { status: statusOf(error), headers })
}

async function send(res: ServerResponse, response: Response, head: boolean): Promise<void> {
  res.statusCode = response.status
  for (const [name, value] of response.headers) res.appendHeader(name, value)
  if (response.body === null || head) res.end()
  else await pipeline(Readable.fromWeb(response.body), res).catch(() => undefined)
}
