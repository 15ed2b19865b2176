import { SessionError, type SessionErrorCode } from '@holdfast/core'
import { DaemonError } from '../errors.js'

/** What the daemon says of the request itself; everything else is trouble with the daemon. */
const PASSED: ReadonlySet<string> = new Set<SessionErrorCode>([
  'ERR_SESSION_CONFLICT',
  'ERR_SESSION_DATA_INVALID',
  'ERR_SESSION_DATA_TOO_LARGE',
  'ERR_SESSION_ENDED',
  'ERR_SESSION_INSECURE_TRANSPORT',
  'ERR_SESSION_LIMIT',
  'ERR_SESSION_NOT_AUTHENTICATED',
  'ERR_SESSION_NOT_FRESH',
])

/** The error that the application would get from a session of its own: 503 where the daemon does not answer (promise P6). */
export function toSessionError(error: unknown): unknown {
  if (!(error instanceof DaemonError)) return error
  const { code, message, retryable } = error
  if (isPassed(code)) return new SessionError(code, message, { cause: error, retryable })
  const late = code === 'ERR_DAEMON_TIMEOUT'
  return new SessionError(
    late ? 'ERR_SESSION_STORE_TIMEOUT' : 'ERR_SESSION_STORE_UNAVAILABLE',
    `the daemon could not be asked: ${message}`,
    { cause: error, retryable },
  )
}

/** Whether another request has changed the session meanwhile. */
export function isConflict(error: unknown): boolean {
  return error instanceof DaemonError && error.code === 'ERR_SESSION_CONFLICT'
}

function isPassed(code: string): code is SessionErrorCode {
  return PASSED.has(code)
}
