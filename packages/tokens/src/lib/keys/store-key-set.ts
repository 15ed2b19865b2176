import type { Clock, Sessions } from '@holdfast/core'
import { engineOf } from '@holdfast/core/engine'
import { TokenError } from '../errors.js'
import { checkOptions, textOption, wholeOption } from '../options.js'
import type { DatedKey, RotateOptions } from './dated-key.js'
import type { RotatingKeySet } from './file-key-set.js'
import { KeyRecord } from './key-record.js'
import type { KeySet } from './key-set.js'
import { rotationRules } from './rotation-rules.js'
import type { SigningAlgorithm, SigningKey, VerificationKey } from './signing-key.js'
import { type KeyInfo, type KeyView, viewAt } from './timeline.js'

export interface StoreKeySetOptions {
  /** Keeps several sets on one store apart. Default `'default'`. */
  readonly name?: string
  /** Of keys that are made from now on. Default `'EdDSA'`. */
  readonly algorithm?: SigningAlgorithm
  /**
   * Milliseconds for which a new key is published before it signs: longer than whoever verifies keeps the published keys.
   * Default 600,000.
   */
  readonly publishAhead?: number
  /** Milliseconds after which the store is asked again for what other processes changed. Default 5,000. */
  readonly reloadInterval?: number
}

/** A key set in the store of the sessions, for all processes that share it. */
export interface StoreKeySet extends RotatingKeySet {
  /**
   * Adds the next key, which signs after `publishAhead`, and removes those whose last token is over. Does nothing while a
   * key waits to sign, so that each process may call it. Errors: store errors, upon which it is unknown whether it took place.
   */
  rotate(options?: RotateOptions): Promise<readonly KeyInfo[]>
  /** Asks the store now. */
  reload(): Promise<void>
  /** Asks the store no more. */
  close(): void
}

/** Keys that the store has not confirmed for so long are not used. */
const LONGEST_UNCONFIRMED = 60_000

/** What requests make this process ask the store for is asked no more often than this: anybody can name a `kid`. */
const COOLDOWN = 1000

/**
 * Keeps the signing keys in the sessions' store, sealed under the sessions' key ring, and makes the first one. A key of the ring
 * that is taken away takes with it what it sealed: leave it in until the keys were rotated.
 *
 * Errors: store errors; `TypeError` and `ERR_SESSION_CONFIG` for options.
 */
export async function storeKeySet(
  sessions: Pick<Sessions, 'close'>,
  options: StoreKeySetOptions = {},
): Promise<StoreKeySet> {
  checkOptions(options, ['name', 'algorithm', 'publishAhead', 'reloadInterval'])
  const { reloadInterval = 5000 } = options
  const name = textOption(options.name ?? 'default', 'name')
  const interval = wholeOption(reloadInterval, 'reloadInterval', 100, 30_000)
  const engine = engineOf(sessions)
  const record = new KeyRecord(engine, name, rotationRules(options))
  const keys = new RecordKeySet(record, engine.now)
  await keys.reload()
  keys.start(interval)
  return keys
}

class RecordKeySet implements StoreKeySet {
  readonly #record: KeyRecord
  readonly #now: Clock
  #view: KeyView | null = null
  #keys: readonly DatedKey[] = []
  #readAt = -Infinity
  #askedAt = -Infinity
  #reloading = false
  #last: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(record: KeyRecord, now: Clock) {
    this.#record = record
    this.#now = now
  }

  start(interval: number): void {
    this.#timer = setInterval(() => this.#reloadQuietly(), interval)
    this.#timer.unref()
  }

  get current(): SigningKey {
    return this.#fresh().current
  }

  find(kid: string): VerificationKey | undefined {
    const found = this.#fresh().find(kid)
    // It may be a key of another process that had to hurry: known here at a later try.
    if (found === undefined) this.#reloadSoon()
    return found
  }

  jwks(): ReturnType<KeySet['jwks']> {
    return this.#fresh().jwks()
  }

  list(): readonly KeyInfo[] {
    return this.#fresh().keys
  }

  async rotate(options: RotateOptions = {}): Promise<readonly KeyInfo[]> {
    checkOptions(options, ['compromised'])
    await this.#inTurn(() => this.#record.rotate(options))
    return this.list()
  }

  /** Does not join a read that is under way: that one may be from before what the caller knows of. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#record.read())
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** One after the other: what was read before a rotation must not come after it. */
  #inTurn(work: () => Promise<readonly DatedKey[]>): Promise<void> {
    const turn = this.#last.then(() => this.#take(work))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #take(work: () => Promise<readonly DatedKey[]>): Promise<void> {
    const startedAt = this.#now()
    this.#keys = await work()
    this.#view = null
    this.#readAt = startedAt
  }

  /** A failure is an event of the sessions already, and shows when the keys are too old. */
  #reloadQuietly(): void {
    if (this.#reloading) return
    const done = (): void => {
      this.#reloading = false
    }
    this.#reloading = true
    this.reload().then(done, done)
  }

  /** Unless that was done a moment ago. */
  #reloadSoon(): void {
    const now = this.#now()
    if (Math.abs(now - this.#askedAt) < COOLDOWN) return
    this.#askedAt = now
    this.#reloadQuietly()
  }

  #fresh(): KeyView {
    const now = this.#now()
    if (!(Math.abs(now - this.#readAt) <= LONGEST_UNCONFIRMED)) {
      this.#reloadSoon()
      const message = 'the store has not confirmed the signing keys for a minute'
      throw new TokenError('ERR_TOKEN_KEYS_UNAVAILABLE', message, { retryable: true })
    }
    if (this.#view === null || now < this.#view.since || now >= this.#view.until) {
      this.#view = viewAt(this.#keys, now)
    }
    return this.#view
  }
}
