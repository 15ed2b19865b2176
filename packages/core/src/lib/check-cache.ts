import type { SessionRecord } from './record.js'
import type { TokenKeys } from './token.js'

/** How long a cached record is believed without a word from the push channel, in milliseconds. */
export const MAX_UNCONFIRMED = 5000

/** A token that has passed the whole check, so that the same token need not have its tag computed again. */
export interface CheckedToken {
  readonly keys: TokenKeys
  /** SHA-256 of the whole token. */
  readonly tokenHash: string
  readonly verifierHash: string
  record: SessionRecord | null
  readAt: number
}

/**
 * Remembers checked tokens by session id, and, only while the store pushes every change, their records too. Bounded:
 * the oldest entry goes when a new one would be too many. Holds hashes, never tokens.
 */
export class CheckCache {
  readonly #entries = new Map<string, CheckedToken>()
  readonly #capacity: number
  #trusted: boolean
  #notices = 0

  constructor(capacity: number, push: boolean) {
    this.#capacity = capacity
    this.#trusted = push
  }

  /** The token of this session that passed last. */
  get(id: string): CheckedToken | undefined {
    return this.#entries.get(id)
  }

  /** The entry's record if it may be believed at `now`. */
  fresh(entry: CheckedToken, now: number): SessionRecord | null {
    if (entry.record === null || !this.#trusted) return null
    const age = now - entry.readAt
    return age >= 0 && age <= MAX_UNCONFIRMED ? entry.record : null
  }

  /** Taken before a read; a record read before a notice came in is not remembered. */
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
    if (this.#capacity === 0) return
    const current = this.#trusted && ticket === this.#notices
    // Deleted first, so that the map stays ordered by age.
    this.#entries.delete(record.id)
    this.#entries.set(record.id, {
      keys,
      tokenHash,
      verifierHash: record.verifierHash,
      record: current ? record : null,
      readAt,
    })
    if (this.#entries.size > this.#capacity) this.#dropOldest()
  }

  /** The session changed: its record must be read again. */
  changed(id: string): void {
    this.#notices += 1
    const entry = this.#entries.get(id)
    if (entry !== undefined) entry.record = null
  }

  /** Nothing read so far may be believed. */
  reset(): void {
    this.#notices += 1
    this.#entries.clear()
  }

  /** While the channel is down no record is served from here. */
  setTrusted(trusted: boolean): void {
    this.reset()
    this.#trusted = trusted
  }

  #dropOldest(): void {
    for (const id of this.#entries.keys()) {
      this.#entries.delete(id)
      return
    }
  }
}
