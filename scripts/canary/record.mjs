// What the preload records in each process of a test run. Nothing here may disturb the process.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'

const FLUSH_BYTES = 64 * 1024
const FLUSH_INTERVAL = 200
const BODY_LIMIT = 256 * 1024

/**
 * An append-only file of this process. It is written when 64 KiB are pending, every 200 ms and at
 * exit, so that a process that is killed loses at most its last 200 ms.
 */
export function createFile(folder, kind) {
  const path = join(folder, `${kind}-${process.pid}-${threadId}`)
  let pending = []
  let bytes = 0
  const flush = () => {
    if (bytes === 0) return
    const chunk = Buffer.concat(pending)
    pending = []
    bytes = 0
    try {
      appendFileSync(path, chunk, { mode: 0o600 })
    } catch {
      // The run is over and its folder gone: there is nobody left to tell.
    }
  }
  setInterval(flush, FLUSH_INTERVAL).unref()
  process.on('exit', flush)
  return {
    flush,
    append(data) {
      const chunk = Buffer.from(data) // a copy: the caller may reuse its buffer
      pending.push(chunk)
      bytes += chunk.length
      if (bytes >= FLUSH_BYTES) flush()
    },
  }
}

/** Tests also sign verifiers such as `bbb…`, which are no secret and stand in every long run of that letter. */
function isPlaceholder(token) {
  return new Set(token.split('-')[1] ?? '').size < 10
}

/** Makes `TokenKeys.prototype.issue` record every token that it returns. */
export function recordTokens(TokenKeys, file) {
  const { issue } = TokenKeys.prototype
  TokenKeys.prototype.issue = function (...args) {
    const token = issue.apply(this, args)
    if (!isPlaceholder(token)) file.append(`${token}\n`)
    return token
  }
}

/** Copies to the file what leaves by `ServerResponse`: the head without Set-Cookie, and the body. */
export function teeResponses(ServerResponse, file) {
  const { write, end, writeHead } = ServerResponse.prototype
  const room = new WeakMap()
  const copy = (response, chunk, encoding) => {
    const left = room.get(response) ?? BODY_LIMIT
    const bytes = toBytes(chunk, encoding)
    if (bytes === undefined || left <= 0) return
    room.set(response, left - bytes.length)
    file.append(withoutRefreshToken(bytes.subarray(0, left)))
    file.append('\n')
  }
  ServerResponse.prototype.writeHead = function (...args) {
    const result = writeHead.apply(this, args)
    file.append(withoutCookies(this))
    return result
  }
  ServerResponse.prototype.write = function (...args) {
    copy(this, args[0], args[1])
    return write.apply(this, args)
  }
  ServerResponse.prototype.end = function (...args) {
    copy(this, args[0], args[1])
    return end.apply(this, args)
  }
}

function toBytes(chunk, encoding) {
  if (typeof chunk === 'string') {
    return Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8')
  }
  return chunk instanceof Uint8Array ? Buffer.from(chunk) : undefined
}

// A client without cookies gets its refresh token in this member (RFC 6749 §5.1) and nowhere else.
function withoutRefreshToken(bytes) {
  const text = bytes.toString('latin1')
  return Buffer.from(text.replaceAll(/"refresh_token":"[^"]*"/g, '"refresh_token":""'), 'latin1')
}

// `_header` is the head exactly as it is sent, whichever way it was given.
function withoutCookies(response) {
  const head = typeof response._header === 'string' ? response._header : ''
  return head
    .split('\r\n')
    .filter((line) => !/^set-cookie:/i.test(line))
    .join('\n')
}
