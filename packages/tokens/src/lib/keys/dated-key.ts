import { isObject } from '../jose/json.js'
import { exportSigningKey, generateSigningKey, importSigningKey } from './generate.js'
import type { SigningAlgorithm, SigningKey, VerificationKey } from './signing-key.js'

/** A key with its place in the order of keys and the instants (epoch milliseconds) of its life. */
export interface DatedKey {
  /** Counted from 1; no two keys of a set have the same. */
  readonly generation: number
  readonly signing: SigningKey
  /** The same key without its private half, always the same object. */
  readonly verification: VerificationKey
  readonly publishedAt: number
  readonly signsFrom: number
}

export interface RotateOptions {
  /**
   * Somebody may have the keys: a new one signs at once and the others are gone, with every access token that they signed.
   * Default `false`.
   */
  readonly compromised?: boolean
}

/** What a new key is made by. */
export interface RotationRules {
  readonly algorithm: SigningAlgorithm
  /** Milliseconds for which a key is published before it signs. */
  readonly publishAhead: number
}

/**
 * The key that a rotation adds to keys sorted by generation; null where one waits to sign already, so that several
 * processes that rotate at once rotate once. The first key of all signs at once: nobody knows others. `after`: the highest
 * generation that was ever given, if not the last key's.
 */
export function planRotation(
  keys: readonly DatedKey[],
  now: number,
  { algorithm, publishAhead }: RotationRules,
  { compromised = false, after = youngest(keys) }: RotateOptions & { readonly after?: number } = {},
): DatedKey | null {
  if (!compromised && keys.some(({ signsFrom }) => signsFrom > now)) return null
  const hurried = compromised || keys.length === 0
  return dated(generateSigningKey(algorithm), {
    generation: after + 1,
    publishedAt: now,
    signsFrom: hurried ? now : now + publishAhead,
  })
}

function youngest(keys: readonly DatedKey[]): number {
  return keys.at(-1)?.generation ?? 0
}

/** A key as JSON, private half included: a secret. */
export function serializeKey({ signing, publishedAt, signsFrom }: DatedKey): string {
  const instants = { publishedAt: new Date(publishedAt), signsFrom: new Date(signsFrom) }
  return JSON.stringify({ ...instants, jwk: exportSigningKey(signing) }, null, 2)
}

/** Reads what {@link serializeKey} wrote; null for what it did not write. Throws `ERR_TOKEN_KEY_INVALID` for a bad key. */
export function parseKey(generation: number, text: string): DatedKey | null {
  const value = parseJson(text)
  if (!isObject(value) || !isObject(value['jwk'])) return null
  const publishedAt = Date.parse(String(value['publishedAt']))
  const signsFrom = Date.parse(String(value['signsFrom']))
  if (!Number.isFinite(publishedAt) || !Number.isFinite(signsFrom)) return null
  return dated(importSigningKey(value['jwk']), { generation, publishedAt, signsFrom })
}

type Place = Pick<DatedKey, 'generation' | 'publishedAt' | 'signsFrom'>

function dated(signing: SigningKey, place: Place): DatedKey {
  const { kid, alg, publicKey } = signing
  return { ...place, signing, verification: { kid, alg, publicKey } }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
