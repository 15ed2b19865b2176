import type { JsonWebKey } from 'node:crypto'
import { exportPublicKey } from './public-key.js'
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

/**
 * A key set of keys that the application keeps: the first signs, all verify. Put the next key at the end a while before it
 * moves to the front, and leave an old one in until its last token is over.
 */
export function createKeySet(keys: readonly SigningKey[]): KeySet {
  if (!Array.isArray(keys)) throw new TypeError('keys must be an array of signing keys')
  const byId = indexKeys(keys)
  const [current] = keys
  if (current === undefined) throw new TypeError('keys is empty; give at least one signing key')
  const published = Object.freeze({ keys: Object.freeze(keys.map(exportPublicKey)) })
  return { current, find: (kid) => byId.get(kid), jwks: () => published }
}

/** Keys by their `kid`, without their private halves: what verifies need not be able to sign. */
function indexKeys(keys: readonly SigningKey[]): ReadonlyMap<string, VerificationKey> {
  const byId = new Map<string, VerificationKey>()
  for (const { kid, alg, publicKey } of keys) {
    if (byId.has(kid)) throw new TypeError('keys holds the same key twice; each may stand once')
    byId.set(kid, { kid, alg, publicKey })
  }
  return byId
}
