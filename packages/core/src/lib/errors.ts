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

  constructor(code: SessionErrorCode, message: string, options: SessionErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retryable = options.retryable ?? false
    this.maxAgeSeconds = options.maxAgeSeconds
  }
}
