import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Server as NetServer } from 'node:net'
import { json } from 'node:stream/consumers'
import { Session } from '@holdfast/core/engine'
import {
  createTransport,
  type IncomingRequest,
  sessionHeaders,
  type Transport,
} from '@holdfast/http/transport'
import type { DaemonParts, Door } from './parts.js'

export function standIn(parts: DaemonParts): Door {
  const transport = createTransport(parts.sessions, { cookie: parts.settings.cookie })
  let draining = false
  const server = createServer((request, response) => {
    if (draining) response.setHeader('Connection', 'close')
    answer(transport, request, response).catch(() => response.writeHead(503).end())
  })
  return {
    server,
    drain: async (patience) => {
      draining = true
      const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve))
      const timer = setTimeout(() => server.closeAllConnections(), patience)
      setTimeout(() => server.closeIdleConnections(), 1000)
      await closed
      clearTimeout(timer)
    },
  }
}

async function answer(
  transport: Transport,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const visitor: IncomingRequest = {
    method: 'GET',
    peer: undefined,
    encrypted: true,
    header: (name) => (name === 'host' ? 'x' : request.headersDistinct[name]?.[0]),
  }
  const open = await transport.open(visitor, true)
  if (request.method === 'POST') {
    const body = (await json(request)) as { subject: string }
    await new Session(open).authenticate(body.subject)
  }
  await open.commit()
  const { setCookie } = sessionHeaders(
    transport.cookie,
    () => transport.variantFor(visitor),
    true,
    open.finish(),
    { cacheControl: undefined, vary: undefined },
  )
  if (setCookie !== undefined) response.setHeader('Set-Cookie', setCookie)
  if (request.method === 'POST') response.writeHead(200).end('{}')
  else response.writeHead(open.record?.subject == null ? 401 : 204).end()
}
