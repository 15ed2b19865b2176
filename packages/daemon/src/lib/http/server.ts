import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { MOST_REQUESTS } from '../most-requests.js'
import type { Door } from '../parts.js'
import type { LimitSettings } from '../settings.js'
import { Problem, problemText } from './problem.js'

/** Answers one request. `isDraining`, when the answer is sent: the connection is to end with it. */
export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  isDraining: () => boolean,
) => void

export interface HttpDoorOptions {
  readonly limits: LimitSettings
  /** Answers one request; never throws or rejects. */
  readonly answer: Answer
  /** Ends what would go on without an end, such as streams. */
  readonly onDrain?: () => void
  /** Whether an answer may take longer than a request: for administrators, who start what takes its time. */
  readonly patient?: boolean
}

/** How often connections are looked at whose request is late. */
const LOOK = 1_000
/** Clients keep connections; one that has said nothing for this long is closed. */
const KEEP_ALIVE = 60_000
/** While a door drains: for requests that are on their way on a connection that is kept. */
const LAST_WORDS = 1_000
const POLL = 20

/** A door on node:http, with all limits set. */
export function createHttpDoor(options: HttpDoorOptions): Door {
  const { limits, answer } = options
  let draining = false
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // Once the client is gone there is nobody to tell.
    response.on('error', () => undefined)
    request.on('error', () => undefined)
    answer(request, response, () => draining)
  }
  const server = createServer({
    maxHeaderSize: limits.headers,
    headersTimeout: limits.headTimeout,
    requestTimeout: limits.requestTimeout,
    connectionsCheckingInterval: Math.min(LOOK, limits.headTimeout, limits.requestTimeout),
    keepAliveTimeout: KEEP_ALIVE,
  })
  server.maxConnections = limits.connections
  server.maxRequestsPerSocket = MOST_REQUESTS
  // For a client that takes no bytes of its answer. One that sends too slowly is told so before.
  server.timeout = options.patient === true ? 0 : 2 * limits.requestTimeout
  server.on('request', onRequest)
  // Whether the body is wanted is decided when it is read.
  server.on('checkContinue', onRequest)
  server.on('clientError', refuse)
  return {
    server,
    drain: async (patience) => {
      draining = true
      options.onDrain?.()
      await drain(server, patience)
    },
  }
}

/** Not `server.close()` at once: it cuts kept connections on which a request may just be arriving. */
async function drain(server: Server, patience: number): Promise<void> {
  const closed = server.listening
    ? new Promise<void>((resolve) => {
        NetServer.prototype.close.call(server, () => resolve())
      })
    : Promise.resolve()
  const begun = performance.now()
  const look = setInterval(() => {
    const waited = performance.now() - begun
    if (waited >= patience) server.closeAllConnections()
    else if (waited >= Math.min(LAST_WORDS, patience / 2)) server.closeIdleConnections()
  }, POLL)
  await closed
  clearInterval(look)
  // Ends node's own timer too; there is nothing left to close.
  server.close(() => undefined)
}

/** What a client sent is no HTTP, too long, or too slow: said in the few bytes that can be said without a response. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const problem = refusalOf(error.code)
  const body = problemText(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_TEXT[problem.status] ?? 'Bad Request'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  // Destroyed as soon as it is written: who sends no more may also not read.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
}

function refusalOf(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem(431, 'ERR_DAEMON_HEAD_TOO_LARGE', 'the head of the request is too long')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem(413, 'ERR_DAEMON_TOO_LARGE', 'the chunk extensions are too long')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem(408, 'ERR_DAEMON_TIMEOUT', 'the request took too long to arrive')
    default:
      return new Problem(400, 'ERR_DAEMON_REQUEST', 'this is no HTTP/1.1 request')
  }
}
