import { STATUS_CODES } from 'node:http'
import { SessionError, type SessionErrorCode } from '@holdfast/core'
import type { ProblemCode } from '@holdfast/protocol'
import { TokenError, type TokenErrorCode } from '@holdfast/tokens'

type Headers = Readonly<Record<string, string>>

/** Why a request was refused, as the answer says it (RFC 9457). */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: ProblemCode | SessionErrorCode | TokenErrorCode
  readonly headers: Headers

  constructor(status: number, code: Problem['code'], detail: string, headers: Headers = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** What a client may try again after. Seconds. */
const RETRY = { 'Retry-After': '1' } as const

/**
 * What an error of the engine is to an application that asked, where it differs from what it is to a visitor: 401 would say that the
 * application has not proved itself.
 */
const STATUS: Partial<Record<SessionErrorCode, number>> = {
  ERR_SESSION_CONFIG: 409,
  ERR_SESSION_INSECURE_TRANSPORT: 400,
  ERR_SESSION_CONFLICT: 409,
  ERR_SESSION_ENDED: 404,
  ERR_SESSION_NOT_AUTHENTICATED: 409,
  ERR_SESSION_DATA_INVALID: 400,
  ERR_SESSION_DATA_TOO_LARGE: 413,
}

/** What the engine advises its own callers is of no use over a socket. */
const DETAIL: Partial<Record<SessionErrorCode, string>> = {
  ERR_SESSION_INSECURE_TRANSPORT:
    'a session cookie is set over HTTPS only: hand on X-Forwarded-Proto: https as the web server set it',
  ERR_SESSION_NOT_AUTHENTICATED: 'nobody is signed in to this session',
}

/** The problem that an error is answered with; null for one that nobody foresaw. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof Problem) return error
  if (error instanceof SessionError) {
    const status = STATUS[error.code] ?? error.status
    const detail = DETAIL[error.code] ?? error.message
    return new Problem(status, error.code, detail, status === 503 ? RETRY : {})
  }
  if (error instanceof TokenError)
    return new Problem(error.status, error.code, error.message, error.status === 503 ? RETRY : {})
  return null
}

/** The answer to an error that nobody foresaw: what it was is for the operator's eyes. */
export function unforeseen(): Problem {
  return new Problem(
    500,
    'ERR_DAEMON_FAILED',
    'something failed that should not; the log says what',
  )
}

/** The same error for the operator: where it arose, in one line. */
export function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return 'error'
  return (error.stack ?? error.name)
    .split('\n', 3)
    .map((line) => line.trim())
    .join(' ')
}

/** The JSON of a problem. */
export function problemText({ status, code, message }: Problem): string {
  const title = STATUS_CODES[status] ?? 'Error'
  return JSON.stringify({ type: 'about:blank', title, status, code, detail: message })
}
