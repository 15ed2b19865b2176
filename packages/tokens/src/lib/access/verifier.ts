import { hash } from 'node:crypto'
import type { Clock } from '@holdfast/core'
import { invalidToken, type TokenReason } from '../errors.js'
import { type Compact, LONGEST_TOKEN, readCompact } from '../jose/compact.js'
import { verifyText } from '../jose/signature.js'
import type { KeySet } from '../keys/key-set.js'
import type { VerificationKey } from '../keys/signing-key.js'
import { checkOptions, textOption, wholeOption } from '../options.js'
import type { AccessClaims } from './claims.js'
import { readClaims } from './read-claims.js'
import { ACCESS_TYPE } from './sign.js'
import { VerifiedTokens, type VerifiedToken } from './verified-tokens.js'

/** Largest difference between two clocks that is forgiven, in milliseconds. */
const MAX_SKEW = 30_000

/** Both spellings of the type (RFC 9068 §2.1, RFC 7515 §4.1.9). */
const TYPES: ReadonlySet<unknown> = new Set([ACCESS_TYPE, `application/${ACCESS_TYPE}`])

/** What a header may say. What names, carries or fetches a key, or changes how the rest is read, is refused by its name. */
const HEADER: ReadonlySet<string> = new Set(['alg', 'kid', 'typ'])

export interface VerifierOptions {
  /** Where keys are looked up, on every check: what is gone from there verifies nothing any more. */
  readonly keys: Pick<KeySet, 'find'>
  /** Who must have issued a token: its `iss`, exactly. */
  readonly issuer: string
  /** For whom a token must be: its `aud`, exactly, or one member of it. */
  readonly audience: string
  /** Milliseconds by which clocks may differ. Default 30,000, which is also the most. */
  readonly clockSkew?: number
  /** Verified tokens that are remembered; 0 for none. Default 10,000. */
  readonly cacheSize?: number
  /** Default `Date.now`. */
  readonly now?: Clock
}

/**
 * Verifies access tokens: form, type, key, signature, then claims, in this order and in one place (ASVS 9.1.1).
 *
 * Knows nothing of sessions: whether a token's session lives, and whether whoever presents a token with `cnf` holds the
 * key that it names, is the caller's to check.
 */
export class AccessTokenVerifier {
  readonly #keys: Pick<KeySet, 'find'>
  readonly #issuer: string
  readonly #audience: string
  readonly #skew: number
  readonly #now: Clock
  readonly #verified: VerifiedTokens

  constructor(options: VerifierOptions) {
    checkOptions(options, ['keys', 'issuer', 'audience', 'clockSkew', 'cacheSize', 'now'])
    this.#keys = options.keys
    this.#issuer = textOption(options.issuer, 'issuer')
    this.#audience = textOption(options.audience, 'audience')
    this.#skew = wholeOption(options.clockSkew ?? MAX_SKEW, 'clockSkew', 0, MAX_SKEW)
    this.#now = options.now ?? Date.now
    const most = Number.MAX_SAFE_INTEGER
    this.#verified = new VerifiedTokens(
      wholeOption(options.cacheSize ?? 10_000, 'cacheSize', 0, most),
    )
  }

  /**
   * The claims of a token, frozen. Throws `ERR_TOKEN_INVALID` for every token that is not honoured, with one message for
   * all; the error's `reason` is for events. A token that was verified before has its times and its key looked at again,
   * not its signature.
   */
  verify(token: string): AccessClaims {
    if (typeof token !== 'string' || token.length > LONGEST_TOKEN) throw invalidToken('malformed')
    const digest = hash('sha256', token, 'binary')
    const known = this.#verified.get(digest)
    if (known !== undefined && this.#keys.find(known.key.kid) === known.key) {
      const { claims } = known
      const late = this.#judgeTimes(claims)
      if (late === undefined) return claims
      this.#verified.delete(digest)
      throw invalidToken(late)
    }
    const verified = this.#verify(token)
    this.#verified.set(digest, verified)
    return verified.claims
  }

  #verify(token: string): VerifiedToken {
    const compact = readCompact(token)
    if (compact === null) throw invalidToken('malformed')
    const key = this.#findKey(compact)
    if (!verifyText(key.alg, key.publicKey, compact.input, compact.signature)) {
      throw invalidToken('signature')
    }
    const claims = readClaims(compact.payload)
    if (claims === null) throw invalidToken('claims')
    const reason = this.#judge(claims)
    if (reason !== undefined) throw invalidToken(reason)
    return { key, claims }
  }

  #findKey({ header }: Compact): VerificationKey {
    const { typ, alg, kid } = header
    if (!Object.keys(header).every((name) => HEADER.has(name))) throw invalidToken('header')
    if (!TYPES.has(typ)) throw invalidToken('type')
    if (typeof kid !== 'string') throw invalidToken('header')
    const key = this.#keys.find(kid)
    if (key === undefined) throw invalidToken('unknown_key')
    if (alg !== key.alg) throw invalidToken('algorithm')
    return key
  }

  #judge(claims: AccessClaims): TokenReason | undefined {
    const { iss, aud } = claims
    if (iss !== this.#issuer) return 'issuer'
    const meant = typeof aud === 'string' ? aud === this.#audience : aud.includes(this.#audience)
    return meant ? this.#judgeTimes(claims) : 'audience'
  }

  /** RFC 7519 §4.1.4 to 4.1.6. A clock that gives no number lets nothing through. */
  #judgeTimes({ exp, nbf, iat }: AccessClaims): TokenReason | undefined {
    const now = this.#now()
    if (!(now < exp * 1000 + this.#skew)) return 'expired'
    const from = (nbf === undefined ? iat : Math.max(iat, nbf)) * 1000
    return now >= from - this.#skew ? undefined : 'not_yet_valid'
  }
}
