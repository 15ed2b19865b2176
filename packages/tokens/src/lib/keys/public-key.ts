import type { JsonWebKey } from 'node:crypto'
import { isObject } from '../jose/json.js'
import { algorithmOf, hasSecrets, importPublic, publicPart, thumbprint } from '../jose/jwk.js'
import type { VerificationKey } from './signing-key.js'

/** A public key as it is published (RFC 7517 §4). */
export function exportPublicKey({ kid, alg, publicKey }: VerificationKey): JsonWebKey {
  return { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
}

/** The key of a public JWK; null for one of no algorithm that we know, or with secrets in it. */
export function readPublicKey(jwk: unknown): VerificationKey | null {
  if (!isObject(jwk) || hasSecrets(jwk)) return null
  const alg = algorithmOf(jwk)
  if (alg === null) return null
  const members = publicPart(jwk)
  const publicKey = importPublic(members)
  return publicKey === null ? null : { kid: thumbprint(members), alg, publicKey }
}
