import { sign, verify, type KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../keys/signing-key.js'

/** Signs ASCII text with a private key of the algorithm's type. */
export function signText(alg: SigningAlgorithm, key: KeyObject, text: string): Buffer {
  return sign(digestOf(alg), Buffer.from(text, 'latin1'), { key, dsaEncoding: 'ieee-p1363' })
}

/**
 * Whether `signature` is that of ASCII `text` under a public key of the algorithm's type.
 *
 * An ES256 signature (r, s) has a twin (r, n−s) that is as good, and half of all signers give either, so both pass. That
 * is harmless only because nothing is ever decided by a token's text or signature: what ends a token is its session, its
 * grant or its `jti`.
 */
export function verifyText(
  alg: SigningAlgorithm,
  key: KeyObject,
  text: string,
  signature: Buffer,
): boolean {
  const data = Buffer.from(text, 'latin1')
  if (alg === 'ES256') return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
  return verify(digestOf(alg), data, key, signature)
}

/** Ed25519 hashes by itself (RFC 8037 §3.1). */
function digestOf(alg: SigningAlgorithm): string | null {
  return alg === 'EdDSA' ? null : 'sha256'
}
