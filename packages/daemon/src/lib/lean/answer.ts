import { STATUS_CODES } from 'node:http'

/** What is answered to one request. */
export interface Answer {
  readonly status: number
  /** Header lines, each with its CRLF: made by {@link headerLine}. */
  readonly headers: string
  readonly body: string
}

/** One header line. Throws where a value could begin another line, whatever made it. */
export function headerLine(name: string, value: string): string {
  if (value.includes('\n') || value.includes('\r'))
    throw new TypeError(`the value of ${name} has a line break`)
  return `${name}: ${value}\r\n`
}

/** RFC 9457. `detail` is for whoever configured this, and holds nothing of the request. */
export function problem(status: number, code: string, detail?: string): Answer {
  const title = STATUS_CODES[status] ?? ''
  return {
    status,
    headers: PROBLEM + (MORE[status] ?? ''),
    body: JSON.stringify({ type: 'about:blank', title, status, code, detail }),
  }
}

const PROBLEM =
  'Content-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\nX-Accel-Expires: 0\r\nCache-Control: no-store\r\n'

/** RFC 9110 §15.5.6 and §15.6.4. */
const MORE: Readonly<Record<number, string>> = {
  405: 'Allow: GET, HEAD\r\n',
  503: 'Retry-After: 1\r\n',
}

/** How an answer is sent, beside its headers. */
export interface Sending {
  /** Without its body, of which the length is told all the same. */
  readonly isHead: boolean
  readonly closes: boolean
  /** Says that the connection goes on, to those who would not expect it. */
  readonly saysKeepAlive: boolean
}

/** The answer as it leaves, a byte a character. */
export function serialize({ status, headers, body }: Answer, how: Sending): string {
  const connection = how.closes ? CLOSES : how.saysKeepAlive ? KEEPS : ''
  const bytes = status === 204 ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`
  const sent = how.isHead || body === '' ? '' : Buffer.from(body).toString('latin1')
  return `${statusLine(status)}Date: ${date()}\r\n${headers}${bytes}${connection}\r\n${sent}`
}

const CLOSES = 'Connection: close\r\n'
const KEEPS = 'Connection: keep-alive\r\n'

const lines = new Map<number, string>()

function statusLine(status: number): string {
  const known = lines.get(status)
  if (known !== undefined) return known
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  lines.set(status, line)
  return line
}

let second = 0
let text = ''

/** Once a second is as exact as it is written. */
function date(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    text = new Date().toUTCString()
  }
  return text
}
