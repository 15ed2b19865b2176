import type { VerificationKey } from '../keys/signing-key.js'
import type { AccessClaims } from './claims.js'

/** A token whose signature and claims were right, with the key that it was right under. */
export interface VerifiedToken {
  readonly key: VerificationKey
  readonly claims: AccessClaims
}

/**
 * Remembers tokens that were verified, by their hash and never by their text. Bounded: the oldest goes when one more would be
 * too many. Only what passed is remembered, so nobody without a key can fill it.
 */
export class VerifiedTokens {
  readonly #byHash = new Map<string, VerifiedToken>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(hash: string): VerifiedToken | undefined {
    return this.#byHash.get(hash)
  }

  set(hash: string, token: VerifiedToken): void {
    this.#byHash.set(hash, token)
    if (this.#byHash.size <= this.#capacity) return
    for (const oldest of this.#byHash.keys()) {
      this.#byHash.delete(oldest)
      return
    }
  }

  delete(hash: string): void {
    this.#byHash.delete(hash)
  }
}
