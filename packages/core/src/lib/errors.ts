/** Every code that a {@link SessionError} can carry. The set is closed: a switch over it can be exhaustive. */
export type SessionErrorCode =
  | 'ERR_SESSION_CONFIG'
  | 'ERR_SESSION_KEY_INVALID'
  | 'ERR_SESSION_COOKIE_INVALID'
  | 'ERR_SESSION_INSECURE_TRANSPORT'
  | 'ERR_SESSION_RANDOM_FAILED'
  | 'ERR_SESSION_STORE_UNAVAILABLE'
  | 'ERR_SESSION_STORE_TIMEOUT'
  | 'ERR_SESSION_STORE_CORRUPT'
  | 'ERR_SESSION_STORE_UNSUPPORTED'
  | 'ERR_SESSION_STORE_CLOSED'
  | 'ERR_SESSION_CONFLICT'
  | 'ERR_SESSION_ENDED'
  | 'ERR_SESSION_LIMIT'
  | 'ERR_SESSION_NOT_AUTHENTICATED'
  | 'ERR_SESSION_NOT_FRESH'
  | 'ERR_SESSION_CSRF'
  | 'ERR_SESSION_DATA_INVALID'
  | 'ERR_SESSION_DATA_TOO_LARGE'
  | 'ERR_SESSION_RESPONSE_COMMITTED'

export interface SessionErrorOptions {
  /** What went wrong underneath. */
  readonly cause?: unknown
  /** Whether the same call may succeed if it is made again. Default `false`. */
  readonly retryable?: boolean
  /** Seconds: how recent an authentication was asked for (`ERR_SESSION_NOT_FRESH`, RFC 9470 `max_age`). */
  readonly maxAgeSeconds?: number
}

/** What a server answers where the error ends a request: 503 where the store or the generator failed (promise P6). */
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
 * The one class of failure that Holdfast throws. Outcomes (no session, expired, revoked) are values, never errors.
 *
 * `code` says which failure, `retryable` whether the same call may succeed later, `cause` what lies underneath.
 * No message holds a token, a verifier or session data.
 */
export class SessionError extends Error {
  override readonly name = 'SessionError'
  readonly code: SessionErrorCode
  readonly retryable: boolean
  readonly maxAgeSeconds: number | undefined
  /**
   * HTTP status that fits, under the two names by which frameworks look for it, so that an error which a handler throws is
   * answered with it and not with 500.
   */
  readonly status: number
  readonly statusCode: number

  constructor(code: SessionErrorCode, message: string, options: SessionErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retryable = options.retryable ?? false
    this.maxAgeSeconds = options.maxAgeSeconds
    this.status = STATUS[code]
    this.statusCode = STATUS[code]
  }
}
