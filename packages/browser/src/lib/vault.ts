import type { Database } from './database.js'
import { recordOf } from './grant.js'

const AES = 'AES-GCM'

/**
 * The refresh token at rest, for clients without a cookie: AES-256-GCM under a key that WebCrypto gives to no script. It stands
 * nowhere in the clear. A script of this origin can use the key while it runs here; whoever copies the browser's whole profile has
 * the key with it, which Chromium keeps there as it is.
 */
export class Vault {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async save(token: string): Promise<void> {
    const key = await this.#key()
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const bytes = new TextEncoder().encode(token)
    const sealed = await crypto.subtle.encrypt({ name: AES, iv }, key, bytes)
    await this.#database.set('refresh token', { iv, sealed })
  }

  /** The refresh token; null if there is none that can be read. */
  async load(): Promise<string | null> {
    const { iv, sealed } = recordOf(await this.#database.get('refresh token'))
    if (!(iv instanceof Uint8Array && sealed instanceof ArrayBuffer)) return null
    const given = { name: AES, iv: new Uint8Array(iv) }
    try {
      const bytes = await crypto.subtle.decrypt(given, await this.#key(), sealed)
      return new TextDecoder().decode(bytes)
    } catch {
      return null
    }
  }

  async #key(): Promise<CryptoKey> {
    const stored = await this.#database.get('vault key')
    if (stored instanceof CryptoKey) return stored
    const usages: KeyUsage[] = ['encrypt', 'decrypt']
    const fresh = await crypto.subtle.generateKey({ name: AES, length: 256 }, false, usages)
    await this.#database.set('vault key', fresh)
    return fresh
  }
}
