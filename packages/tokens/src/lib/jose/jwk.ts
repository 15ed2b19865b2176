import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../keys/signing-key.js'
import { decode } from './base64url.js'
import type { JsonObject } from './json.js'

/** The public members of a key, in the order that RFC 7638 §3 hashes them, and nothing else. */
export type PublicJwk = Readonly<Record<string, string>>

/** The members that make up a public key of each type, sorted (RFC 7638 §3.2, RFC 8037 §2). */
const PUBLIC_MEMBERS = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
} as const

/** Members of private and of symmetric keys (RFC 7518 §6). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** Bytes of a coordinate on P-256 and of an Ed25519 key. */
const POINT = 32

/** Bytes of an RSA modulus: 2,048 bits at least (RFC 7518 §3.3); more than 8,192 only cost time. */
const MODULUS = { least: 256, most: 1024 }

/** 65,537: every key of today. Others are either weak or slow to check. */
const EXPONENT = 'AQAB'

/** Whether a key in JSON holds anything secret. */
export function hasSecrets(jwk: JsonObject): boolean {
  return SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name))
}

/** The algorithm that a public key in JSON is for, by its type, curve and size; null for a key of no such algorithm. */
export function algorithmOf(jwk: JsonObject): SigningAlgorithm | null {
  const { kty, crv, x, y, n, e } = jwk
  if (kty === 'OKP' && crv === 'Ed25519') return sizeOf(x) === POINT ? 'EdDSA' : null
  if (kty === 'EC' && crv === 'P-256') {
    return sizeOf(x) === POINT && sizeOf(y) === POINT ? 'ES256' : null
  }
  if (kty !== 'RSA' || e !== EXPONENT) return null
  return isModulus(n) ? 'RS256' : null
}

/** The public members of a key in JSON, canonical: what {@link algorithmOf} has approved. */
export function publicPart(jwk: JsonObject): PublicJwk {
  const { kty } = jwk
  if (kty !== 'EC' && kty !== 'OKP' && kty !== 'RSA') throw new TypeError('no public key')
  const members = PUBLIC_MEMBERS[kty].map((name) => [name, String(jwk[name])] as const)
  return Object.fromEntries(members)
}

/** The key object of approved public members; null where they are no point of the curve. */
export function importPublic(jwk: PublicJwk): KeyObject | null {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    return null
  }
}

/** RFC 7638: SHA-256 of the canonical public members, as base64url. */
export function thumbprint(jwk: PublicJwk): string {
  return hash('sha256', JSON.stringify(jwk), 'base64url')
}

/** A number without leading zero bytes, so that a key has one thumbprint, and of 2,048 bits, not of 2,041. */
function isModulus(member: unknown): boolean {
  const bytes = typeof member === 'string' ? decode(member) : null
  if (bytes === null || bytes.length < MODULUS.least || bytes.length > MODULUS.most) return false
  const first = bytes[0] ?? 0
  return bytes.length === MODULUS.least ? first >= 0x80 : first > 0
}

/** Bytes of a base64url member; 0 if it is none. */
function sizeOf(member: unknown): number {
  return typeof member === 'string' ? (decode(member)?.length ?? 0) : 0
}
