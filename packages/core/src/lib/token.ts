import { hash } from 'node:crypto'
import { KEY_ID_LENGTH, type RingKey } from './keys.js'
import { deriveKey, lengthPrefixed, Mac, MAC_LENGTH } from './mac.js'

/** Characters of a session id: 22 of base62, 130 bits. */
export const ID_LENGTH = 22
/** Characters of a verifier: 43 of base62, 256 bits. */
export const VERIFIER_LENGTH = 43

const TAG_LENGTH = KEY_ID_LENGTH + MAC_LENGTH
const VERIFIER_AT = ID_LENGTH + 1
const TAG_AT = VERIFIER_AT + VERIFIER_LENGTH + 1
const TOKEN_LENGTH = TAG_AT + TAG_LENGTH

const ID_SHAPE = new RegExp(`^[0-9A-Za-z]{${ID_LENGTH}}$`)

/** Whether `id` has the shape of a session id. */
export function isSessionId(id: unknown): id is string {
  return typeof id === 'string' && ID_SHAPE.test(id)
}

/** The session id at the front of a token of the right length, unchecked: a key to look up with, nothing more. */
export function claimedId(token: string): string | null {
  return token.length === TOKEN_LENGTH ? token.slice(0, ID_LENGTH) : null
}

/** SHA-256 as base64url: the only form in which a verifier is stored. */
export function verifierHash(verifier: string): string {
  return hash('sha256', verifier, 'base64url')
}

/** SHA-256 of a whole token, a byte a character, by which a token that was checked before is known again. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'binary')
}

/** The secret part of a token of the right shape. */
export function verifierOf(token: string): string {
  return token.slice(VERIFIER_AT, TAG_AT - 1)
}

/**
 * Issues and checks tokens `<id>-<verifier>-<tag>` of one kind for one audience.
 *
 * The tag is the key's public name and a 128-bit MAC over (kind, audience, key name, id, verifier), length-prefixed: a
 * token of another kind, cookie or tenant never passes. The newest key of the ring signs; each key of the ring verifies
 * its own tokens, and no other key is tried.
 */
export class TokenKeys {
  readonly #kind: string
  readonly #audience: string
  readonly #idLength: number
  readonly #shape: RegExp
  readonly #tagAt: number
  #signer: { readonly id: string; readonly mac: Mac }
  #macs: ReadonlyMap<string, Mac>

  /** `idLength`: characters before the first hyphen, of another kind than `session`. */
  constructor(
    ring: readonly RingKey[],
    kind: string,
    audience: string,
    idLength: number = ID_LENGTH,
  ) {
    this.#kind = kind
    this.#audience = audience
    this.#idLength = idLength
    this.#shape = new RegExp(
      `^[0-9A-Za-z]{${idLength}}-[0-9A-Za-z]{${VERIFIER_LENGTH}}-[0-9A-Za-z]{${TAG_LENGTH}}$`,
    )
    this.#tagAt = idLength + 1 + VERIFIER_LENGTH + 1
    this.#macs = new Map()
    this.#signer = { id: '', mac: new Mac(new Uint8Array(0), '', 0) }
    this.setRing(ring)
  }

  /** Replaces the ring: tokens under keys that are gone are refused from now on. */
  setRing(ring: readonly RingKey[]): void {
    const newest = ring[0]
    if (newest === undefined) throw new TypeError('the key ring is empty')
    this.#macs = new Map(ring.map((key) => [key.id, this.#mac(key)]))
    this.#signer = { id: newest.id, mac: this.#mac(newest) }
  }

  #mac(key: RingKey): Mac {
    const prefix =
      lengthPrefixed([this.#kind, this.#audience, key.id]) + `${this.#idLength}:${VERIFIER_LENGTH}:`
    return new Mac(deriveKey(key.bytes, 'tag'), prefix, this.#tagAt - 1)
  }

  /** The token for an id and a verifier. */
  issue(id: string, verifier: string): string {
    const body = `${id}-${verifier}`
    return `${body}-${this.#signer.id}${this.#signer.mac.compute(body)}`
  }

  /** Whether shape and tag are right: we issued it, for this kind and audience. Touches no store. */
  check(token: string): boolean {
    const at = this.#tagAt
    if (token.length !== at + TAG_LENGTH || !this.#shape.test(token)) return false
    const mac = this.#macs.get(token.slice(at, at + KEY_ID_LENGTH))
    return mac !== undefined && mac.verify(token, at + KEY_ID_LENGTH)
  }

  /** Id and verifier of a token that we issued; null for every other text. Touches no store. */
  read(token: string): { readonly id: string; readonly verifier: string } | null {
    if (!this.check(token)) return null
    const id = token.slice(0, this.#idLength)
    return { id, verifier: token.slice(this.#idLength + 1, this.#tagAt - 1) }
  }
}
