import { createHash } from 'node:crypto'
import { SessionError } from './errors.js'
import { base62 } from './mac.js'

/** A secret key: at least 32 bytes, as bytes or as text (UTF-8). */
export type KeyInput = string | Uint8Array

/** One key of the ring, with the short public name that tokens carry. */
export interface RingKey {
  readonly id: string
  readonly bytes: Uint8Array
}

/** Length of a key's public name, in base62 characters. */
export const KEY_ID_LENGTH = 4

const MIN_BYTES = 32
const MIN_DISTINCT_BYTES = 8

/** Texts that tutorials use; a key that is one of them, or one of them repeated, is refused (ASVS 13.3.1). */
const KNOWN_SAMPLES = [
  'secret',
  'changeme',
  'change-me',
  'keyboard cat',
  'password',
  'your-secret-key',
  'your_secret_key',
  'supersecret',
  'shhhh',
  'mysecret',
  'session_secret',
  'complex_password_at_least_32_characters_long',
]

/**
 * Checks a key ring, newest key first. Throws `ERR_SESSION_KEY_INVALID` for a key that is short, guessable or repeated,
 * and `TypeError` for what is no key at all; neither message holds the key.
 */
export function readKeyRing(keys: readonly KeyInput[]): readonly RingKey[] {
  if (!Array.isArray(keys))
    throw new TypeError('keys must be an array of secret keys, newest first')
  if (keys.length === 0) {
    throw new SessionError(
      'ERR_SESSION_KEY_INVALID',
      `keys is empty; give at least one secret key. ${REMEDY}`,
    )
  }
  const ring = Array.from(keys, (key, index) => readKey(key, `keys[${index}]`))
  if (new Set(ring.map((key) => key.id)).size !== ring.length) {
    throw new SessionError(
      'ERR_SESSION_KEY_INVALID',
      'keys holds the same key twice; each may stand once',
    )
  }
  return ring
}

const REMEDY =
  "Make one with: node -e \"console.log(require('node:crypto').randomBytes(32).toString('base64url'))\""

function readKey(key: KeyInput, path: string): RingKey {
  if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
    throw new TypeError(
      `${path} must be a string or a Uint8Array; got ${key === null ? 'null' : typeof key}`,
    )
  }
  // A copy: a caller that wipes or reuses its buffer does not change the ring.
  const bytes = typeof key === 'string' ? Buffer.from(key, 'utf8') : Buffer.from(key)
  refuseWeak(bytes, path)
  return { id: keyId(bytes), bytes }
}

function refuseWeak(bytes: Buffer, path: string): void {
  const text = bytes.toString('latin1').toLowerCase()
  if (KNOWN_SAMPLES.some((sample) => isRepetition(text, sample))) {
    throw new SessionError(
      'ERR_SESSION_KEY_INVALID',
      `${path} is a sample from a tutorial. ${REMEDY}`,
    )
  }
  if (bytes.length < MIN_BYTES) {
    throw new SessionError(
      'ERR_SESSION_KEY_INVALID',
      `${path} has ${bytes.length} bytes; at least ${MIN_BYTES} are needed. ${REMEDY}`,
    )
  }
  if (new Set(bytes).size < MIN_DISTINCT_BYTES) {
    throw new SessionError(
      'ERR_SESSION_KEY_INVALID',
      `${path} is not random: hardly any byte differs. ${REMEDY}`,
    )
  }
}

function isRepetition(text: string, sample: string): boolean {
  return (
    sample.repeat(Math.ceil(text.length / sample.length)).startsWith(text) &&
    text.length >= sample.length
  )
}

function keyId(bytes: Uint8Array): string {
  const digest = createHash('sha256').update('holdfast/v1/key-id\u0001').update(bytes).digest()
  return base62(digest.readUInt32BE(0) % 62 ** KEY_ID_LENGTH, KEY_ID_LENGTH)
}
