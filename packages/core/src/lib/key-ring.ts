import { type KeyInput, readKeyRing, type RingKey } from './keys.js'
import { deriveKey, lengthPrefixed } from './mac.js'
import { ID_LENGTH, TokenKeys } from './token.js'

/** A secret derived from one key of the ring, under the key's public name. */
export interface DerivedSecret {
  readonly id: string
  readonly secret: Uint8Array
}

/** The secret keys of a manager. Whatever it has given out follows when the keys are replaced. */
export class KeyRing {
  readonly #tenant: string
  readonly #tokenKeys = new Map<string, TokenKeys>()
  #keys: readonly RingKey[]

  constructor(keys: readonly KeyInput[], tenant: string) {
    this.#keys = readKeyRing(keys)
    this.#tenant = tenant
  }

  /** Newest first. */
  get keys(): readonly RingKey[] {
    return this.#keys
  }

  /** Replaces the keys, newest first: tokens under keys that are gone are refused from now on. */
  replace(keys: readonly KeyInput[]): void {
    this.#keys = readKeyRing(keys)
    for (const tokenKeys of this.#tokenKeys.values()) tokenKeys.setRing(this.#keys)
  }

  /** The keys of one kind of token for one audience of this tenant. Ask once, keep the answer. */
  tokenKeys(kind: string, audience: string, idLength: number = ID_LENGTH): TokenKeys {
    const name = lengthPrefixed([kind, audience, String(idLength)])
    const known = this.#tokenKeys.get(name)
    if (known !== undefined) return known
    const bound = lengthPrefixed([audience, this.#tenant])
    const tokenKeys = new TokenKeys(this.#keys, kind, bound, idLength)
    this.#tokenKeys.set(name, tokenKeys)
    return tokenKeys
  }

  /** For a purpose of another package: an independent 32-byte secret from each key, newest first. Ask each time. */
  secrets(purpose: string): readonly DerivedSecret[] {
    const name = `package/${lengthPrefixed([purpose, this.#tenant])}`
    return this.#keys.map(({ id, bytes }) => ({ id, secret: deriveKey(bytes, name) }))
  }
}
