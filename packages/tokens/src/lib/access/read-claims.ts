import { isObject, type JsonObject } from '../jose/json.js'
import type { AccessClaims } from './claims.js'

/** Longest life of an access token, in seconds. A retiring key goes on verifying for as long. */
export const LONGEST_LIFE = 3600

/** RFC 6749 §3.3: words of printable ASCII without quote and backslash, one space between them. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** SHA-256 as base64url. */
const THUMBPRINT = /^[\w-]{43}$/

/**
 * The claims of an access token, each of the right type and the token's life of the right length, frozen; null otherwise.
 * Nothing is converted, and a claim that is not known here is left out.
 */
export function readClaims(payload: JsonObject): AccessClaims | null {
  const { iss, sub, aud, sid, gid, client_id, iat, exp, nbf, jti } = payload
  if (!isText(iss) || !isText(sub) || !isText(sid) || !isText(gid)) return null
  if (!isText(client_id) || !isText(jti) || !isAudience(aud)) return null
  if (!isInstant(iat) || !isInstant(exp) || !isLife(exp - iat)) return null
  if (nbf !== undefined && !isInstant(nbf)) return null
  const more = readOptional(payload)
  if (more === null) return null
  const audience = typeof aud === 'string' ? aud : Object.freeze([...aud])
  const times = { iat, exp, ...(nbf === undefined ? {} : { nbf }) }
  return Object.freeze({ iss, sub, aud: audience, sid, gid, client_id, ...times, jti, ...more })
}

type OptionalClaims = Pick<AccessClaims, 'tenant' | 'scope' | 'auth_time' | 'acr' | 'amr' | 'cnf'>

function readOptional(payload: JsonObject): OptionalClaims | null {
  const { tenant, scope, auth_time, acr, amr, cnf } = payload
  if (tenant !== undefined && !isText(tenant)) return null
  if (scope !== undefined && !(isText(scope) && SCOPE.test(scope))) return null
  if (auth_time !== undefined && !isInstant(auth_time)) return null
  if (acr !== undefined && !isText(acr)) return null
  if (amr !== undefined && !isTexts(amr)) return null
  if (cnf !== undefined && !isConfirmation(cnf)) return null
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(scope === undefined ? {} : { scope }),
    ...(auth_time === undefined ? {} : { auth_time }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr: Object.freeze([...amr]) }),
    ...(cnf === undefined ? {} : { cnf: Object.freeze({ jkt: cnf.jkt }) }),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}

/** RFC 7519 §4.1.3: one text, or a list of them. */
function isAudience(value: unknown): value is string | readonly string[] {
  return isText(value) || (isTexts(value) && value.length > 0)
}

/** RFC 7519 §2 NumericDate, whole seconds. */
function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isLife(seconds: number): boolean {
  return seconds > 0 && seconds <= LONGEST_LIFE
}

/** A token that is bound in a way which nobody here checks is not honoured (RFC 7800 §3.1 leaves that to us). */
function isConfirmation(value: unknown): value is { readonly jkt: string } {
  if (!isObject(value) || Object.keys(value).length !== 1) return false
  const { jkt } = value
  return typeof jkt === 'string' && THUMBPRINT.test(jkt)
}
