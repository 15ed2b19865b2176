import type { IncomingMessage, ServerResponse } from 'node:http'

const MOUNT_FIRST = 'mount fetchHandler() before what parses bodies'

/** A request of which no fetch-standard one can be made; answered with its status. */
export class UnfitRequest extends Error {
  readonly status: number
  readonly statusCode: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
    this.statusCode = status
  }
}

/**
 * A node:http (or HTTP/2 compatibility) request as the fetch standard has it: every header line, the body as a stream that is read
 * no faster than it is asked for, and a signal that fires when the client goes away.
 */
export function toFetchRequest(req: IncomingMessage, res: ServerResponse): Request {
  const method = req.method ?? 'GET'
  const headers = headersOf(req)
  const url = urlOf(req, headers)
  const init = { method, headers, signal: signalOf(res) }
  try {
    if (method === 'GET' || method === 'HEAD') return new Request(url, init)
    return new Request(url, { ...init, body: bodyOf(req), duplex: 'half' })
  } catch (error) {
    // CONNECT and TRACE.
    if (error instanceof TypeError) throw new UnfitRequest(405, 'the method is not for handlers')
    throw error
  }
}

function headersOf({ rawHeaders, headers: merged }: IncomingMessage): Headers {
  const headers = new Headers()
  const add = (name: string, value: string): void => {
    // HTTP/2 keeps method, path and host among them.
    if (!name.startsWith(':')) headers.append(name, value)
  }
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    add(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  // Where something else than node made the request and left the lines out.
  if (rawHeaders.length === 0)
    for (const [name, value] of Object.entries(merged))
      for (const each of Array.isArray(value) ? value : [value]) add(name, each ?? '')
  return headers
}

/** Under the host that the client asked for. A target that names another host itself does not choose it. */
function urlOf(req: IncomingMessage, headers: Headers): URL {
  const { socket } = req
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  const authority = req.headers[':authority']
  const host = headers.get('host') ?? (typeof authority === 'string' ? authority : 'localhost')
  const target = targetOf(req)
  const path = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '')
  try {
    if (path !== '' && !/^[/?]/.test(path)) throw new TypeError('not a path')
    const url = new URL(`${scheme}://${host}${path}`)
    if (/[/?#@\\]/.test(host)) throw new TypeError('not a host')
    return url
  } catch {
    throw new UnfitRequest(400, 'the request has no host or target that could be read')
  }
}

/** Express cuts off the path that a handler is mounted at, and keeps the whole. */
function targetOf(req: IncomingMessage): string {
  const whole = 'originalUrl' in req ? req.originalUrl : undefined
  return typeof whole === 'string' ? whole : (req.url ?? '/')
}

function signalOf(res: ServerResponse): AbortSignal {
  const gone = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) gone.abort()
  })
  return gone.signal
}

/**
 * The body, not begun before somebody reads it. Whoever cancels it lets the rest run dry instead of cutting the connection, on
 * which the answer has yet to leave.
 */
function bodyOf(req: IncomingMessage): ReadableStream<Uint8Array> {
  const isRead = req.readableDidRead
  let cancelled = false
  const begin = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    req.on('data', (chunk: Buffer) => {
      if (cancelled) return
      controller.enqueue(new Uint8Array(chunk))
      if ((controller.desiredSize ?? 0) <= 0) req.pause()
    })
    req.once('end', () => {
      if (!cancelled) controller.close()
    })
    const fail = (): void => {
      if (!cancelled && !req.readableEnded) controller.error(new Error('the client went away'))
    }
    req.once('error', fail)
    req.once('close', fail)
  }
  let begun = false
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        // Told to a handler that wants the body, not to one that leaves the request to others.
        if (isRead) throw new Error(`the body was read before: ${MOUNT_FIRST}`)
        if (!begun) begin(controller)
        begun = true
        req.resume()
      },
      cancel() {
        cancelled = true
        req.resume()
      },
    },
    { highWaterMark: 0 },
  )
}
