/** Every code that a {@link TokenError} can carry. The set is closed: a switch over it can be exhaustive. */
export type TokenErrorCode =
  | 'ERR_TOKEN_MISSING'
  | 'ERR_TOKEN_REQUEST'
  | 'ERR_TOKEN_INVALID'
  | 'ERR_TOKEN_SCOPE'
  | 'ERR_TOKEN_STEP_UP'
  | 'ERR_TOKEN_DPOP_INVALID'
  | 'ERR_TOKEN_DPOP_NONCE'
  | 'ERR_TOKEN_KEY_INVALID'
  | 'ERR_TOKEN_KEYS_UNAVAILABLE'

/** What a server answers where the error ends a request. */
const STATUS: Readonly<Record<TokenErrorCode, number>> = {
  ERR_TOKEN_MISSING: 401,
  ERR_TOKEN_REQUEST: 400,
  ERR_TOKEN_INVALID: 401,
  ERR_TOKEN_SCOPE: 403,
  ERR_TOKEN_STEP_UP: 401,
  ERR_TOKEN_DPOP_INVALID: 401,
  ERR_TOKEN_DPOP_NONCE: 401,
  ERR_TOKEN_KEY_INVALID: 500,
  ERR_TOKEN_KEYS_UNAVAILABLE: 503,
}

/** Why the grant or the session behind a token does not honour it. */
type GrantReason =
  | 'unknown'
  | 'revoked'
  | 'idle_expired'
  | 'absolute_expired'
  | 'binding_mismatch'
  | 'wrong_verifier'
  | 'superseded'
  | 'token_reuse'
  | 'grant_gone'
  | 'grant_expired'
  | 'other_client'
  | 'tenant'
  | 'scope'
  | 'spent'

/** Which check refused a token or a DPoP proof: for events and logs, never for the client. */
export type TokenReason =
  | GrantReason
  | 'malformed'
  | 'header'
  | 'type'
  | 'unknown_key'
  | 'algorithm'
  | 'signature'
  | 'claims'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid'
  | 'revoked'
  | 'scheme'
  | 'proof_missing'
  | 'proof_repeated'
  | 'proof_malformed'
  | 'proof_header'
  | 'proof_type'
  | 'proof_key'
  | 'proof_algorithm'
  | 'proof_signature'
  | 'proof_method'
  | 'proof_url'
  | 'proof_time'
  | 'proof_id'
  | 'proof_nonce'
  | 'proof_token'
  | 'proof_binding'
  | 'proof_replayed'

export interface TokenErrorOptions {
  /** What went wrong underneath. */
  readonly cause?: unknown
  /** Which check failed: for events and logs, never for the client. */
  readonly reason?: TokenReason
  /** Whether the same call may succeed if it is made again. Default `false`. */
  readonly retryable?: boolean
  /** Headers of the answer, such as `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The one class of failure that the checks of tokens throw.
 *
 * Every token that is not honoured has the same code and the same message, whatever was wrong with it (ASVS 11.2.5);
 * `reason` tells events and logs which check it was. No message holds a token.
 */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: TokenErrorCode
  readonly reason: TokenReason | undefined
  readonly retryable: boolean
  /** HTTP status that fits, under the two names by which frameworks look for it. */
  readonly status: number
  readonly statusCode: number
  /** Headers that the answer should have: Express, Koa and Fastify send what an error has under this name. */
  readonly headers: Readonly<Record<string, string>>

  constructor(code: TokenErrorCode, message: string, options: TokenErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.reason = options.reason
    this.retryable = options.retryable ?? false
    this.status = STATUS[code]
    this.statusCode = STATUS[code]
    this.headers = options.headers ?? {}
  }
}

/** Whether an error says that a token is not honoured, and not that this could not be found out. */
export function isInvalidToken(error: unknown): boolean {
  return error instanceof TokenError && error.code === 'ERR_TOKEN_INVALID'
}

/** The one answer to every access token that is not honoured. */
export function invalidToken(reason: TokenReason): TokenError {
  return new TokenError('ERR_TOKEN_INVALID', 'the access token is not valid', { reason })
}

/** The one answer to every DPoP proof that is not honoured. */
export function invalidProof(reason: TokenReason): TokenError {
  return new TokenError('ERR_TOKEN_DPOP_INVALID', 'the DPoP proof is not valid', { reason })
}
