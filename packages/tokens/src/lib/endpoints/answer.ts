import { SessionError } from '@holdfast/core'
import { TokenError } from '../errors.js'

/** Headers of every answer that may hold a token (RFC 6749 §5.1; ASVS 3.4.4, 3.4.5, 3.5.8, 14.2.2). */
const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Type': 'application/json',
  'Cross-Origin-Resource-Policy': 'same-origin',
  Pragma: 'no-cache',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** Seconds after which a client may try again: how long a store takes to come back at best. */
const RETRY_AFTER = '1'

/** The error codes of RFC 6749 §5.2, RFC 7009 §2.2.1 and RFC 9449 §5 and §8, and `login_required` for the issue endpoint. */
export type OAuthError =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'login_required'
  | 'temporarily_unavailable'

/** A JSON answer that nobody stores. */
export function answer(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: HEADERS })
}

/** An error as OAuth 2 says it. `reason` is for the user of a client whose token was ours. */
export function refuse(status: number, error: OAuthError, reason: string | null = null): Response {
  return answer(status, reason === null ? { error } : { error, reason })
}

/**
 * What a client is told of a failure: 503 where the store failed, so that it tries again and stays signed in (promise P6). A
 * failure of our own, which no client causes, is thrown on.
 */
export function answerError(error: unknown): Response {
  if (error instanceof TokenError) return answerTokenError(error)
  if (!(error instanceof SessionError)) throw error
  if (error.status === 503) return unavailable()
  if (error.code === 'ERR_SESSION_CSRF') return refuse(403, 'invalid_request')
  if (error.status === 401) return refuse(401, 'login_required')
  throw error
}

function unavailable(): Response {
  const response = refuse(503, 'temporarily_unavailable')
  response.headers.set('Retry-After', RETRY_AFTER)
  return response
}

function answerTokenError(error: TokenError): Response {
  switch (error.code) {
    case 'ERR_TOKEN_SCOPE':
      return refuse(400, 'invalid_scope')
    case 'ERR_TOKEN_DPOP_INVALID':
      return refuse(400, 'invalid_dpop_proof')
    case 'ERR_TOKEN_DPOP_NONCE':
      return refuse(400, 'use_dpop_nonce')
    case 'ERR_TOKEN_KEYS_UNAVAILABLE':
      return unavailable()
    default:
      throw error
  }
}
