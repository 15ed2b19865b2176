import { TokenError, type TokenErrorCode } from '../errors.js'
import type { TokenScheme } from './presented.js'
import type { AccessRequirements } from './requirements.js'

/** What a challenge depends on besides the error. */
export interface ChallengeContext {
  /** How the token came; null where none did. */
  readonly scheme: TokenScheme | null
  readonly requirements: AccessRequirements
  /** Whether tokens without a proof are refused. */
  readonly proofRequired: boolean
  /** A nonce for the next proof. */
  readonly nonce: string | null
}

/** The algorithms that a proof may have (RFC 9449 §5.1). */
const ALGORITHMS = 'algs="ES256 EdDSA RS256"'

/** The `error` of a challenge (RFC 6750 §3.1, RFC 9449 §7.1, RFC 9470 §3); none where there was no token. */
const ERRORS: Partial<Readonly<Record<TokenErrorCode, string>>> = {
  ERR_TOKEN_REQUEST: 'invalid_request',
  ERR_TOKEN_INVALID: 'invalid_token',
  ERR_TOKEN_SCOPE: 'insufficient_scope',
  ERR_TOKEN_STEP_UP: 'insufficient_user_authentication',
  ERR_TOKEN_DPOP_INVALID: 'invalid_dpop_proof',
  ERR_TOKEN_DPOP_NONCE: 'use_dpop_nonce',
}

/** The same error with the headers that its answer needs. */
export function withHeaders(error: TokenError, context: ChallengeContext): TokenError {
  const { code, message, reason, retryable, cause } = error
  const headers = headersFor(code, context)
  return new TokenError(code, message, {
    retryable,
    headers,
    ...(cause === undefined ? {} : { cause }),
    ...(reason === undefined ? {} : { reason }),
  })
}

function headersFor(code: TokenErrorCode, context: ChallengeContext): Record<string, string> {
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' }
  if (code === 'ERR_TOKEN_KEYS_UNAVAILABLE') return { ...headers, 'Retry-After': '1' }
  if (code === 'ERR_TOKEN_KEY_INVALID') return headers
  headers['WWW-Authenticate'] = challenge(code, context)
  if (context.nonce !== null) headers['DPoP-Nonce'] = context.nonce
  return headers
}

function challenge(code: TokenErrorCode, context: ChallengeContext): string {
  const { scheme, proofRequired, requirements } = context
  const error = ERRORS[code]
  const bound = scheme === 'DPoP' || proofRequired || code.startsWith('ERR_TOKEN_DPOP')
  const parameters = error === undefined ? [] : [`error="${error}"`, ...details(code, requirements)]
  const dpop = `DPoP ${[...parameters, ALGORITHMS].join(', ')}`
  if (bound) return dpop
  const bearer = ['Bearer', parameters.join(', ')].join(' ').trimEnd()
  return error === undefined ? `${bearer}, ${dpop}` : bearer
}

/** What would be enough. A message is for people, and none of it tells which check failed. */
function details(code: TokenErrorCode, requirements: AccessRequirements): readonly string[] {
  const { scopes = [], acrValues, maxAge } = requirements
  if (code === 'ERR_TOKEN_SCOPE') return [`scope="${scopes.join(' ')}"`]
  if (code !== 'ERR_TOKEN_STEP_UP') return []
  return [
    ...(acrValues === undefined ? [] : [`acr_values="${acrValues.join(' ')}"`]),
    ...(maxAge === undefined ? [] : [`max_age="${Math.floor(maxAge / 1000)}"`]),
  ]
}
