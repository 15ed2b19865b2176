/** What went wrong between the client and the daemon, beside the codes that the daemon itself gives. */
export type ClientErrorCode =
  /** Nobody answers, or the connection broke. */
  | 'ERR_DAEMON_UNREACHABLE'
  /** No answer in time. Whether it was done is not known. */
  | 'ERR_DAEMON_TIMEOUT'
  /** The answer is none of this protocol. */
  | 'ERR_DAEMON_ANSWER'

interface DaemonErrorOptions {
  readonly status?: number
  readonly retryable?: boolean
  readonly cause?: unknown
}

/** Every failure of the client. Its message holds no token, no cookie and no data. */
export class DaemonError extends Error {
  override readonly name = 'DaemonError'
  /** One of {@link ClientErrorCode}, or the code of the daemon's problem, such as `ERR_SESSION_CONFLICT`. */
  readonly code: string
  /** Status of the daemon's answer; null where there was none. */
  readonly status: number | null
  /** Whether asking again later may help. */
  readonly retryable: boolean

  constructor(code: string, message: string, options: DaemonErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? null
    this.retryable = options.retryable ?? false
  }
}

/** What the system says when a socket cannot be opened, in words that help. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket. Is the daemon running, and is this its folder?',
  ENOTDIR: 'there is no such socket. Is the daemon running, and is this its folder?',
  EACCES: 'this user may not open it. Its group says who may: join that group, or be root',
  ECONNREFUSED: 'nobody listens there. Is the daemon running?',
  EAGAIN: 'too many connections wait there already',
}

const NO_HTTP = 'no HTTP'

/** Answers that are none, whoever gave them. */
const STRANGE: Readonly<Record<string, string>> = {
  [NO_HTTP]: 'speaks no HTTP/1.1: is that the socket of the daemon?',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'is longer than any of this protocol',
  UND_ERR_HEADERS_OVERFLOW: 'has a head longer than any of this protocol',
}

/** An answer ended too early, on a connection that was to end with it. */
const EARLY_END = 'early end'
const CUT: ReadonlySet<string> = new Set([EARLY_END, 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'])

const BROKEN: ReadonlySet<string> = new Set([
  ...CUT,
  'UND_ERR_SOCKET',
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'ENOENT',
])

/** The error of a request to `place` that had no answer, or none that can be read. `TypeError` where it was never one to send. */
export function unanswered(place: string, timeout: number, cause: unknown): Error {
  if (cause instanceof DaemonError) return cause
  const code = codeOf(cause)
  if (isTimeout(cause))
    return new DaemonError('ERR_DAEMON_TIMEOUT', `no answer from ${place} within ${timeout} ms`, {
      retryable: true,
      cause,
    })
  if (code === 'UND_ERR_INVALID_ARG')
    return new TypeError(`the request cannot be sent: ${messageOf(cause)}`)
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED')
    return new DaemonError('ERR_DAEMON_UNREACHABLE', `cannot ask ${place}: the client was closed`)
  const strange = STRANGE[code]
  // Without its cause, which quotes the answer: that may be the cookie of a visitor.
  if (strange !== undefined)
    return new DaemonError('ERR_DAEMON_ANSWER', `what answers at ${place} ${strange}`)
  const reason = REASONS[code] ?? `the connection broke${CUT.has(code) ? ' within the answer' : ''}`
  const options = CUT.has(code) ? { retryable: true } : { retryable: true, cause }
  return new DaemonError('ERR_DAEMON_UNREACHABLE', `cannot ask ${place}: ${reason}`, options)
}

/** Whether the connection was at fault, or the lack of one. The daemon may have begun with the request all the same. */
export function isBroken(error: unknown): boolean {
  return BROKEN.has(codeOf(error))
}

function isTimeout(error: unknown): boolean {
  const name = error instanceof Error ? error.name : ''
  return name === 'TimeoutError' || /TIMEOUT$|^ETIMEDOUT$/.test(codeOf(error))
}

function codeOf(error: unknown): string {
  // The parser of undici gives no code for what it says in words.
  if (error instanceof Error && error.name === 'HTTPParserError')
    return error.message.includes('Invalid EOF state') ? EARLY_END : NO_HTTP
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}
