import { randomFillSync } from 'node:crypto'
import { SessionError } from './errors.js'

/**
 * Fills `target` with bytes from a cryptographically secure generator.
 *
 * Default: the operating system's, by `node:crypto`. A generator that throws makes creation fail: there is no fallback
 * (ASVS 11.5.1).
 */
export type RandomFill = (target: Uint8Array) => void

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The largest multiple of 62 that fits a byte: bytes from here on are drawn again, so that each letter is as likely. */
const UNBIASED = 248

const POOL_BYTES = 8192

/** Draws base62 text; reads the generator in blocks, and wipes each byte as it is used. */
export class RandomText {
  readonly #fill: RandomFill
  readonly #pool: Uint8Array = new Uint8Array(POOL_BYTES)
  #next = POOL_BYTES

  constructor(fill: RandomFill = randomFillSync) {
    this.#fill = fill
  }

  /** `length` characters of `0-9A-Za-z`, uniformly. Throws `ERR_SESSION_RANDOM_FAILED` if the generator does. */
  base62(length: number): string {
    let text = ''
    while (text.length < length) {
      const byte = this.#byte()
      if (byte < UNBIASED) text += ALPHABET.charAt(byte % 62)
    }
    return text
  }

  /** `length` random bytes. Throws `ERR_SESSION_RANDOM_FAILED` if the generator does. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#byte())
  }

  #byte(): number {
    if (this.#next === POOL_BYTES) this.#refill()
    const byte = this.#pool[this.#next] ?? 0
    this.#pool[this.#next] = 0
    this.#next += 1
    return byte
  }

  #refill(): void {
    try {
      this.#fill(this.#pool)
    } catch (cause) {
      throw new SessionError(
        'ERR_SESSION_RANDOM_FAILED',
        'the random generator failed, so no session can be created; check the system or the `random` option',
        { cause, retryable: true },
      )
    }
    if (this.#pool.every((byte) => byte === this.#pool[0])) {
      throw new SessionError(
        'ERR_SESSION_RANDOM_FAILED',
        'the random generator filled a block with one and the same byte; it must fill the array before it returns',
      )
    }
    this.#next = 0
  }
}
