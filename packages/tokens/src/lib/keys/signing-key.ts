import type { KeyObject } from 'node:crypto'

/** Signature algorithms of RFC 7518 and RFC 8037 that tokens may have. */
export type SigningAlgorithm = 'EdDSA' | 'ES256' | 'RS256'

/** A public key with the one algorithm that it is for (ASVS 9.1.2). */
export interface VerificationKey {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly publicKey: KeyObject
}

/** A key pair that signs. */
export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject
}

/** Whether a value names an algorithm that keys may have. */
export function isAlgorithm(value: unknown): value is SigningAlgorithm {
  return value === 'EdDSA' || value === 'ES256' || value === 'RS256'
}
