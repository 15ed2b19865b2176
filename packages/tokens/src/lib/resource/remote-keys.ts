import type { Clock } from '@holdfast/core'
import { TokenError } from '../errors.js'
import type { JsonObject } from '../jose/json.js'
import { isObject } from '../jose/json.js'
import type { KeySet } from '../keys/key-set.js'
import { readPublicKey } from '../keys/public-key.js'
import type { VerificationKey } from '../keys/signing-key.js'
import { checkOptions, textOption, wholeOption } from '../options.js'
import { discoverKeysUrl, metadataUrl } from './discovery.js'
import { fetchJson, trustedUrl } from './remote-json.js'

/** Where a resource server finds the keys of its issuer: a {@link KeySet}, or one that has to be fetched. */
export interface KeySource extends Pick<KeySet, 'find'> {
  /** Resolves when keys may be looked up; undefined if that is now. Throws `ERR_TOKEN_KEYS_UNAVAILABLE`. */
  ready?(): Promise<void> | undefined
  /** Looks for keys that came since; false where that was done a moment ago. */
  refresh?(): Promise<boolean>
}

export interface RemoteKeysOptions {
  /** Whose keys: found by the issuer's metadata (RFC 8414). This or `jwksUri`. */
  readonly issuer?: string
  /** Where the keys are, if the issuer has no metadata. */
  readonly jwksUri?: string
  /** Milliseconds for which one answer is waited for. Default 3,000. */
  readonly timeout?: number
  /** Milliseconds after which the keys are fetched anew before they are used again. Default 300,000. */
  readonly refreshInterval?: number
  /** Milliseconds for which keys serve at most while the issuer does not answer. Default 3,600,000. */
  readonly maxStale?: number
  /** Milliseconds between two fetches for the sake of a `kid` that is not known. Default 10,000. */
  readonly cooldown?: number
  /** Told of every fetch that failed. */
  readonly onError?: (error: unknown) => void
  /** Default `Date.now`. */
  readonly now?: Clock
}

/** After a fetch that failed, the next one is not made before this many milliseconds: recovery within a second. */
const PAUSE = 500

/** For so long after a fetch that failed, requests do not wait for the next one: each would wait for its timeout. */
const KNOWN_DOWN = 10_000

const OPTIONS = [
  'issuer',
  'jwksUri',
  'timeout',
  'refreshInterval',
  'maxStale',
  'cooldown',
  'onError',
  'now',
]

const DAY = 86_400_000

/** The keys of an issuer across the network: fetched when first needed, and once however many need them at a time. */
export function remoteKeys(options: RemoteKeysOptions): Required<KeySource> {
  return new RemoteKeys(options)
}

class RemoteKeys implements Required<KeySource> {
  readonly #load: () => Promise<JsonObject>
  readonly #refreshInterval: number
  readonly #maxStale: number
  readonly #cooldown: number
  readonly #onError: (error: unknown) => void
  readonly #now: Clock
  #keys: ReadonlyMap<string, VerificationKey> = new Map()
  #loading: Promise<boolean> | null = null
  #loadedAt = -Infinity
  #triedAt = -Infinity
  #failedAt = -Infinity

  constructor(options: RemoteKeysOptions) {
    checkOptions(options, OPTIONS)
    const { timeout = 3000, refreshInterval = 300_000, maxStale = 3_600_000 } = options
    this.#load = loader(options, wholeOption(timeout, 'timeout', 1, 60_000))
    this.#refreshInterval = wholeOption(refreshInterval, 'refreshInterval', 1000, DAY)
    this.#maxStale = wholeOption(maxStale, 'maxStale', 0, 7 * DAY)
    this.#cooldown = wholeOption(options.cooldown ?? 10_000, 'cooldown', PAUSE, DAY)
    this.#onError = options.onError ?? (() => undefined)
    this.#now = options.now ?? Date.now
  }

  find(kid: string): VerificationKey | undefined {
    return this.#keys.get(kid)
  }

  ready(): Promise<void> | undefined {
    const age = this.#age()
    if (age < this.#refreshInterval) return undefined
    const loading = this.#fetchAfter(PAUSE)
    if (this.#mayServe() && Math.abs(this.#now() - this.#failedAt) < KNOWN_DOWN) return undefined
    // A key that was taken away must not be believed because nobody asked for a while.
    return loading.then(() => {
      if (this.#mayServe()) return
      const message = 'the keys of the issuer cannot be fetched'
      throw new TokenError('ERR_TOKEN_KEYS_UNAVAILABLE', message, { retryable: true })
    })
  }

  refresh(): Promise<boolean> {
    return this.#fetchAfter(this.#cooldown)
  }

  /** Whether the keys are young enough to be used, where the issuer does not answer. */
  #mayServe(): boolean {
    return this.#age() < Math.max(this.#maxStale, this.#refreshInterval)
  }

  /** How old the keys are; Infinity where there are none, or where the clock was set back. */
  #age(): number {
    const age = this.#now() - this.#loadedAt
    return age >= 0 ? age : Infinity
  }

  /** Fetches, or joins a fetch that is under way, unless the last one began less than `pause` ago. */
  #fetchAfter(pause: number): Promise<boolean> {
    if (this.#loading !== null) return this.#loading
    const now = this.#now()
    if (Math.abs(now - this.#triedAt) < pause) return Promise.resolve(false)
    this.#triedAt = now
    this.#loading = this.#fetch().finally(() => {
      this.#loading = null
    })
    return this.#loading
  }

  /** Never rejects: the keys that are known serve on, for as long as they may. */
  async #fetch(): Promise<boolean> {
    try {
      const startedAt = this.#now()
      this.#keys = readKeys(await this.#load(), this.#keys)
      this.#loadedAt = startedAt
      return true
    } catch (error) {
      this.#failedAt = this.#now()
      this.#report(error)
      return false
    }
  }

  #report(error: unknown): void {
    try {
      this.#onError(error)
    } catch {
      // A listener that throws affects nothing but itself.
    }
  }
}

function loader(
  { issuer, jwksUri }: RemoteKeysOptions,
  timeout: number,
): () => Promise<JsonObject> {
  if ((issuer === undefined) === (jwksUri === undefined)) {
    throw new TypeError('give either issuer or jwksUri')
  }
  if (jwksUri !== undefined) {
    trustedUrl(textOption(jwksUri, 'jwksUri'))
    return () => fetchJson(jwksUri, timeout)
  }
  const name = textOption(issuer, 'issuer')
  metadataUrl(name)
  return async () => fetchJson(await discoverKeysUrl(name, timeout), timeout)
}

/** The usable keys of a published set by their `kid`. A key that is there already stays the same object. */
function readKeys(
  { keys }: JsonObject,
  known: ReadonlyMap<string, VerificationKey>,
): ReadonlyMap<string, VerificationKey> {
  if (!Array.isArray(keys)) throw new Error('the published key set has no list of keys')
  const read = new Map<string, VerificationKey>()
  for (const jwk of keys) {
    const key = readPublished(jwk)
    if (key === null) continue
    if (read.has(key.kid)) throw new Error('the published key set has two keys of one kid')
    const before = known.get(key.kid)
    const same = before?.alg === key.alg && before.publicKey.equals(key.publicKey)
    read.set(key.kid, same ? before : key)
  }
  if (read.size === 0) throw new Error('the published key set has no key that can be used')
  return read
}

/** A key with the name that its issuer gave it; null for one that is not for signatures, or of no algorithm that we know. */
function readPublished(jwk: unknown): VerificationKey | null {
  const key = readPublicKey(jwk)
  if (key === null || !isObject(jwk)) return null
  const { kid, alg, use } = jwk
  if (typeof kid !== 'string' || kid === '') return null
  if ((use !== undefined && use !== 'sig') || (alg !== undefined && alg !== key.alg)) return null
  return { ...key, kid }
}
