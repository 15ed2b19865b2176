import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@holdfast/core'
import { checkOptions, wholeOption } from '../options.js'

export interface NonceOptions {
  /**
   * The secrets that mark nonces as ours, newest first: the first marks, all are accepted. Asked for at each use, so that
   * they may change. Servers that share them accept one another's nonces. Default: one of this process, drawn at random.
   */
  readonly secrets?: () => readonly Uint8Array[]
  /** Milliseconds for which a nonce is good at least; twice that at most. Default 120,000. */
  readonly lifetime?: number
  /** Default `Date.now`. */
  readonly now?: Clock
}

/** Gives out nonces for DPoP proofs and knows them again (RFC 9449 §8), without remembering any. */
export interface Nonces {
  /** The nonce of this moment. It changes once per `lifetime`. */
  issue(): string
  /** Whether a proof's nonce was given out within the last two `lifetime`s; false for undefined. */
  accepts(nonce: string | undefined): boolean
}

/** A nonce: the period's number in base 36, a full stop, a MAC of it. */
const SHAPE = /^([0-9a-z]{1,11})\.([\w-]{22})$/

const MAC_BYTES = 16

/** Makes {@link Nonces}. Nothing about a nonce is secret: it shows that a proof was made after we gave it out. */
export function createNonces(options: NonceOptions = {}): Nonces {
  checkOptions(options, ['secrets', 'lifetime', 'now'])
  const { now = Date.now } = options
  const lifetime = wholeOption(options.lifetime ?? 120_000, 'lifetime', 1000, 3_600_000)
  const secrets = options.secrets ?? ownSecret()
  const period = (): number => Math.floor(now() / lifetime)
  return {
    issue() {
      const [newest] = secrets()
      if (newest === undefined) throw new TypeError('secrets() gave no secret')
      const number = period().toString(36)
      return `${number}.${mac(newest, number).toString('base64url')}`
    },
    accepts(nonce) {
      const [, number = '', tag = ''] = SHAPE.exec(nonce ?? '') ?? []
      const age = period() - Number.parseInt(number, 36)
      if (age !== 0 && age !== 1) return false
      const presented = Buffer.from(tag, 'base64url')
      return secrets().some((secret) => timingSafeEqual(mac(secret, number), presented))
    },
  }
}

function ownSecret(): () => readonly Uint8Array[] {
  const secret = randomBytes(32)
  return () => [secret]
}

function mac(secret: Uint8Array, number: string): Buffer {
  const text = `holdfast/v1/dpop-nonce\u0001${number}`
  return createHmac('sha256', secret).update(text).digest().subarray(0, MAC_BYTES)
}
