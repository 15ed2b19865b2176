import type { RingKey } from './keys.js'
import { KEY_ID_LENGTH } from './keys.js'
import { constantTimeEqual, deriveKey, lengthPrefixed, Mac, MAC_LENGTH } from './mac.js'
import type { RandomText } from './random.js'
import { ID_LENGTH } from './token.js'

const NONCE_LENGTH = 22
const GENERATION_LENGTH = 10
const SHAPE = new RegExp(
  `^[0-9A-Za-z]{${NONCE_LENGTH}}-[0-9A-Za-z]{${KEY_ID_LENGTH + MAC_LENGTH}}$`,
)

/**
 * CSRF tokens `<random>-<tag>`: the tag is a MAC over (tenant, session id, generation, random), so that a token is good
 * for one session between two sign-ins and for nothing else. It differs at each call, which also blunts BREACH.
 */
export class CsrfTokens {
  readonly #tenant: string
  readonly #random: RandomText
  #signer = ''
  #macs: ReadonlyMap<string, Mac> = new Map()

  constructor(ring: readonly RingKey[], tenant: string, random: RandomText) {
    this.#tenant = tenant
    this.#random = random
    this.setRing(ring)
  }

  setRing(ring: readonly RingKey[]): void {
    this.#signer = ring[0]?.id ?? ''
    this.#macs = new Map(
      ring.map((key) => [
        key.id,
        new Mac(
          deriveKey(key.bytes, 'csrf'),
          lengthPrefixed(['csrf', this.#tenant, key.id]),
          NONCE_LENGTH + GENERATION_LENGTH + ID_LENGTH,
        ),
      ]),
    )
  }

  issue(id: string, generation: number): string {
    const nonce = this.#random.base62(NONCE_LENGTH)
    return `${nonce}-${this.#signer}${this.#tag(this.#signer, nonce, id, generation)}`
  }

  check(token: string, id: string, generation: number): boolean {
    if (!SHAPE.test(token)) return false
    const nonce = token.slice(0, NONCE_LENGTH)
    const key = token.slice(NONCE_LENGTH + 1, NONCE_LENGTH + 1 + KEY_ID_LENGTH)
    const expected = this.#tag(key, nonce, id, generation)
    return (
      expected !== '' && constantTimeEqual(expected, token.slice(NONCE_LENGTH + 1 + KEY_ID_LENGTH))
    )
  }

  #tag(key: string, nonce: string, id: string, generation: number): string {
    return (
      this.#macs
        .get(key)
        ?.compute(nonce + String(generation).padStart(GENERATION_LENGTH, '0') + id) ?? ''
    )
  }
}
