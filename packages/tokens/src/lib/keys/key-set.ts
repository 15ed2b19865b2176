import type { JsonWebKey } from 'node:crypto'
import type { SigningKey, VerificationKey } from './signing-key.js'

/** The keys of an issuer: one signs now, others verify. */
export interface KeySet {
  /** The key that signs now. */
  readonly current: SigningKey
  /** Exact look-up; undefined for an unknown `kid`. */
  find(kid: string): VerificationKey | undefined
  /** The public keys for publication (RFC 7517 §5), the next one included. */
  jwks(): { readonly keys: readonly JsonWebKey[] }
}
