import type { AccessClaims } from '../access/claims.js'
import { TokenError } from '../errors.js'
import { checkOptions, wholeOption } from '../options.js'

/** What a token must say, beyond being good. */
export interface AccessRequirements {
  /** Scopes that the token must all have. Default none. */
  readonly scopes?: readonly string[]
  /** Authentication contexts of which the token must name one (RFC 9470 `acr_values`). Default any. */
  readonly acrValues?: readonly string[]
  /** Milliseconds since the subject was last authenticated, at most (RFC 9470 `max_age`). Default any. */
  readonly maxAge?: number
}

/** Words that may stand in a quoted header value (RFC 6749 §3.3). */
const WORD = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Throws for requirements that are mistyped, before any request comes. */
export function checkRequirements(requirements: AccessRequirements): void {
  checkOptions(requirements, ['scopes', 'acrValues', 'maxAge'])
  checkWords(requirements.scopes, 'scopes')
  checkWords(requirements.acrValues, 'acrValues')
  const { maxAge } = requirements
  if (maxAge !== undefined) wholeOption(maxAge, 'maxAge', 0, Number.MAX_SAFE_INTEGER)
}

/** Throws `ERR_TOKEN_SCOPE` or `ERR_TOKEN_STEP_UP` where a token does not say what is required. */
export function requireAll(
  claims: AccessClaims,
  { scopes = [], acrValues, maxAge }: AccessRequirements,
  now: number,
): void {
  const granted = claims.scope?.split(' ') ?? []
  if (!scopes.every((scope) => granted.includes(scope))) {
    throw new TokenError('ERR_TOKEN_SCOPE', 'the access token lacks a scope that is needed here')
  }
  const strong = acrValues === undefined || acrValues.includes(claims.acr ?? '')
  if (!strong || !isRecent(claims.auth_time, maxAge, now)) {
    throw new TokenError('ERR_TOKEN_STEP_UP', 'a stronger or more recent authentication is needed')
  }
}

function isRecent(authTime: number | undefined, maxAge: number | undefined, now: number): boolean {
  if (maxAge === undefined) return true
  return authTime !== undefined && now - authTime * 1000 <= maxAge
}

function checkWords(words: unknown, path: string): void {
  if (words === undefined) return
  const fits = Array.isArray(words) && words.every((word) => WORD.test(String(word)))
  if (!fits) throw new TypeError(`${path} must be an array of words without spaces and quotes`)
}
