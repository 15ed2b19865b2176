import type { SessionRecord } from './record.js'
import type { TokenKeys } from './token.js'

/** How long a cached record is believed after it was read, or confirmed by the push channel, in milliseconds. */
const MAX_UNCONFIRMED = 5000
/** Changes that are remembered by id: a read that takes longer than so many of them is not kept. */
const MOST_CHANGED = 4096

/** A token that has passed the whole check, or a record that was read without one. */
export interface CheckedToken {
  /** Null for a record that was read without a token. */
  readonly keys: TokenKeys | null
  /** SHA-256 of the whole token. */
  readonly tokenHash: string
  readonly verifierHash: string
  /** The record whose present token this is; null once it may have changed. */
  record: SessionRecord | null
  readAt: number
}

/**
 * Remembers tokens that have passed, so that the same token need not have its tag computed again; and, only while the store
 * pushes every change, their records, so that it need not be read again either. One token a session. Bounded: the oldest
 * entry goes when a new one would be too many. Holds hashes, never tokens.
 */
export class CheckCache {
  readonly #byToken = new Map<string, CheckedToken>()
  readonly #byId = new Map<string, CheckedToken>()
  readonly #capacity: number
  #trusted: boolean
  /** Sessions that changed lately, with the number of the notice, the longest ago first. */
  readonly #changed = new Map<string, number>()
  #notices = 0
  /** Up to this notice, any session may have changed. */
  #unknownUpTo = 0
  #resetAt = 0
  #confirmedAt = -Infinity

  constructor(capacity: number, push: boolean) {
    this.#capacity = capacity
    this.#trusted = push
  }

  get(tokenHash: string): CheckedToken | undefined {
    return this.#byToken.get(tokenHash)
  }

  /** The entry's record if it may be believed at `now`. */
  fresh(entry: CheckedToken, now: number): SessionRecord | null {
    const age = now - Math.max(entry.readAt, this.#confirmedAt)
    return age >= 0 && age <= MAX_UNCONFIRMED ? entry.record : null
  }

  /** Taken before a read; a record read before a notice of it came in is not remembered. */
  ticket(): number {
    return this.#notices
  }

  remember(
    keys: TokenKeys,
    tokenHash: string,
    record: SessionRecord,
    readAt: number,
    ticket: number,
  ): void {
    // A reset between read and now (new keys, a lost channel) makes even the tag's check void.
    if (this.#capacity === 0 || ticket < this.#resetAt) return
    // Without push there is no record to renew, and what is known of the token stays true.
    if (!this.#trusted && this.#byToken.has(tokenHash)) return
    const current = this.#isCurrent(record.id, ticket)
    const { verifierHash } = record
    this.#forget(record.id)
    const entry = { keys, tokenHash, verifierHash, record: current ? record : null, readAt }
    this.#byToken.set(tokenHash, entry)
    this.#byId.set(record.id, entry)
    if (this.#byId.size > this.#capacity) this.#forgetOldest()
  }

  /** The record under this id if it is here and may be believed at `now`. */
  record(id: string, now: number): SessionRecord | null {
    const entry = this.#byId.get(id)
    return entry === undefined ? null : this.fresh(entry, now)
  }

  /** Remembers a record that was read for something else than a session token, under the same rules. */
  keep(record: SessionRecord, readAt: number, ticket: number): void {
    const { id, verifierHash } = record
    if (this.#capacity === 0 || !this.#isCurrent(id, ticket)) return
    const known = this.#byId.get(id)
    if (known?.verifierHash === verifierHash) {
      known.record = record
      known.readAt = readAt
      return
    }
    this.#forget(id)
    this.#byId.set(id, { keys: null, tokenHash: '', verifierHash, record, readAt })
    if (this.#byId.size > this.#capacity) this.#forgetOldest()
  }

  /** Every change up to `at` has been noticed: what was read before and has not been noticed holds. */
  confirmed(at: number): void {
    this.#confirmedAt = at
  }

  /** The session changed: its record must be read again. */
  changed(id: string): void {
    this.#notices += 1
    const entry = this.#byId.get(id)
    if (entry !== undefined) entry.record = null
    if (!this.#trusted) return
    this.#changed.delete(id)
    this.#changed.set(id, this.#notices)
    if (this.#changed.size > MOST_CHANGED) this.#forgetChange()
  }

  /** Nothing read so far may be believed. */
  reset(): void {
    this.#notices += 1
    this.#resetAt = this.#notices
    this.#unknownUpTo = this.#notices
    this.#changed.clear()
    this.#byToken.clear()
    this.#byId.clear()
  }

  /** While the channel is down no record is served from here. */
  setTrusted(trusted: boolean): void {
    this.reset()
    this.#trusted = trusted
  }

  /** Whether what was read from `ticket` on may be kept: nobody has said since that this session changed. */
  #isCurrent(id: string, ticket: number): boolean {
    if (!this.#trusted || ticket < this.#unknownUpTo) return false
    return (this.#changed.get(id) ?? 0) <= ticket
  }

  #forgetChange(): void {
    for (const [id, notice] of this.#changed) {
      this.#changed.delete(id)
      this.#unknownUpTo = notice
      return
    }
  }

  #forget(id: string): void {
    const entry = this.#byId.get(id)
    if (entry === undefined) return
    this.#byId.delete(id)
    this.#byToken.delete(entry.tokenHash)
  }

  #forgetOldest(): void {
    for (const id of this.#byId.keys()) {
      this.#forget(id)
      return
    }
  }
}
