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
  EACCES: 'this user may not open it. Its group says who may: join that group, or be root',
  ECONNREFUSED: 'nobody listens there. Is the daemon running?',
}

/** The error of a request to `place` that had no answer. */
export function unanswered(place: string, timeout: number, cause: unknown): DaemonError {
  if (isTimeout(cause))
    return new DaemonError('ERR_DAEMON_TIMEOUT', `no answer from ${place} within ${timeout} ms`, {
      retryable: true,
      cause,
    })
  const reason = REASONS[codeOf(cause)] ?? 'the connection broke'
  const options = { retryable: true, cause }
  return new DaemonError('ERR_DAEMON_UNREACHABLE', `cannot ask ${place}: ${reason}`, options)
}

/** Whether the connection was at fault, or the lack of one. The daemon may have begun with the request all the same. */
export function isBroken(error: unknown): boolean {
  return /^(?:UND_ERR_SOCKET|UND_ERR_CLOSED|UND_ERR_DESTROYED|ECONNRESET|EPIPE|ECONNREFUSED|ENOENT)$/.test(
    codeOf(error),
  )
}

function isTimeout(error: unknown): boolean {
  const name = error instanceof Error ? error.name : ''
  return name === 'TimeoutError' || codeOf(error).endsWith('TIMEOUT')
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
