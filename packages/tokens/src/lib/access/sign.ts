import { encode } from '../jose/base64url.js'
import { signingInput } from '../jose/compact.js'
import { signText } from '../jose/signature.js'
import type { SigningKey } from '../keys/signing-key.js'
import type { AccessClaims } from './claims.js'
import { readClaims } from './read-claims.js'

/** The type that an access token declares (RFC 9068 §2.1). */
export const ACCESS_TYPE = 'at+jwt'

/**
 * Signs an access token (RFC 9068). Throws `TypeError` for claims that no verifier would take: one of the wrong type, an
 * empty text, or a life of nothing or of more than an hour.
 */
export function signAccessToken(key: SigningKey, claims: AccessClaims): string {
  const checked = readClaims({ ...claims })
  if (checked === null) {
    throw new TypeError(
      'the claims are not those of an access token: see AccessClaims; instants are whole seconds, a life is at most an hour',
    )
  }
  const input = signingInput({ typ: ACCESS_TYPE, alg: key.alg, kid: key.kid }, checked)
  return `${input}.${encode(signText(key.alg, key.privateKey, input))}`
}
