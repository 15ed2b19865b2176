import { SessionError, type SessionErrorCode } from '@holdfast/core'

const STATUS: Readonly<Record<SessionErrorCode, number>> = {
  ERR_SESSION_CONFIG: 500,
  ERR_SESSION_KEY_INVALID: 500,
  ERR_SESSION_COOKIE_INVALID: 500,
  ERR_SESSION_INSECURE_TRANSPORT: 500,
  ERR_SESSION_RANDOM_FAILED: 503,
  ERR_SESSION_STORE_UNAVAILABLE: 503,
  ERR_SESSION_STORE_TIMEOUT: 503,
  ERR_SESSION_STORE_CORRUPT: 503,
  ERR_SESSION_STORE_UNSUPPORTED: 503,
  ERR_SESSION_STORE_CLOSED: 503,
  ERR_SESSION_CONFLICT: 503,
  ERR_SESSION_ENDED: 401,
  ERR_SESSION_LIMIT: 403,
  ERR_SESSION_NOT_AUTHENTICATED: 401,
  ERR_SESSION_NOT_FRESH: 401,
  ERR_SESSION_CSRF: 403,
  ERR_SESSION_DATA_INVALID: 500,
  ERR_SESSION_DATA_TOO_LARGE: 500,
  ERR_SESSION_RESPONSE_COMMITTED: 500,
}

/**
 * The HTTP status that an error stands for: 503 where the store or the generator failed, so that a request is refused and
 * never served as anonymous (promise P6); 401, 403 where the client must act; 500 for everything else.
 */
export function statusOf(error: unknown): number {
  return error instanceof SessionError ? STATUS[error.code] : 500
}
