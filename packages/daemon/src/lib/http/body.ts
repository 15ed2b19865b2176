import type { IncomingMessage, ServerResponse } from 'node:http'
import { Problem } from './problem.js'

/** What is read and thrown away of a body that is too long, so that the client hears the answer before the connection ends. */
const PATIENCE = 4 * 1024 * 1024
/** As deep as session data may be, with the patch around it. */
const MAX_DEPTH = 72
/** RFC 8259: JSON is UTF-8 and has no other parameter. */
const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i

/** The JSON of a request's body; an empty one reads as `{}`. Throws a problem for everything that is no JSON. */
export async function readJson(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<unknown> {
  if (!hasBody(request)) return {}
  const bytes = await readBytes(request, response, limit)
  if (bytes.length === 0) return {}
  assertJsonType(request)
  const value = parse(bytes)
  checkShape(value, 0)
  return value
}

/** Throws a problem if a request brings a body where none belongs. */
export function assertNoBody(request: IncomingMessage): void {
  if (hasBody(request))
    throw new Problem(400, 'ERR_DAEMON_REQUEST', 'this request takes no body', CLOSE)
}

const CLOSE = { Connection: 'close' } as const

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function assertJsonType({ headers }: IncomingMessage): void {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (JSON_TYPE.test(headers['content-type'] ?? '') && encoding === 'identity') return
  throw new Problem(
    415,
    'ERR_DAEMON_MEDIA_TYPE',
    'a body must be application/json in UTF-8, without Content-Encoding',
  )
}

async function readBytes(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  const waits = request.headers.expect !== undefined
  if (announced > limit && (waits || announced > limit + PATIENCE)) throw tooLarge(limit, CLOSE)
  if (waits) response.writeContinue()
  const chunks: Buffer[] = []
  let length = 0
  // Not by iteration, which would destroy the request, and its connection with it, as soon as it is left.
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= limit) chunks.push(chunk)
      else if (length > limit + PATIENCE) reject(tooLarge(limit, CLOSE))
    })
    const cutOff = (): void =>
      reject(new Problem(400, 'ERR_DAEMON_REQUEST', 'the body was cut off'))
    request.on('end', resolve)
    request.on('error', cutOff)
    request.on('close', cutOff)
  })
  if (length > limit) throw tooLarge(limit, {})
  return Buffer.concat(chunks, length)
}

function tooLarge(limit: number, headers: Readonly<Record<string, string>>): Problem {
  const detail = `a body may have ${limit} bytes (body in [limits])`
  return new Problem(413, 'ERR_DAEMON_TOO_LARGE', detail, headers)
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    // The parser's own message quotes the text.
    throw new Problem(400, 'ERR_DAEMON_REQUEST', 'the body is no JSON in UTF-8')
  }
}

/** Depth, and a name that every other reader drops in silence. */
function checkShape(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) throw new Problem(400, 'ERR_DAEMON_REQUEST', 'the body is nested too deep')
  if (Object.hasOwn(value, '__proto__'))
    throw new Problem(400, 'ERR_DAEMON_REQUEST', 'the body has a field named __proto__')
  for (const item of Object.values(value)) checkShape(item, depth + 1)
}
