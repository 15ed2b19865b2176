import {
  decodeRecord,
  encodeRecord,
  NO_EPOCHS,
  type Barrier,
  type Epochs,
  type SessionRecord,
  type StoreTransaction,
} from '@holdfast/core/store'
import { Schedule } from './schedule.js'
import { UserAgents } from './user-agents.js'

/**
 * The store's state. A record is kept encoded, as one string of one byte a character: that takes a third of what an
 * object with its strings would.
 */
export class Tables implements StoreTransaction {
  readonly #records = new Map<string, string>()
  readonly #subjects = new Map<string, string | Set<string>>()
  readonly #barriers = new Map<string, Barrier>()
  readonly #schedule = new Schedule()
  readonly #userAgents = new UserAgents()
  readonly #changed: (id: string) => void
  #epochs = NO_EPOCHS

  /** `changed` is called with the id of each record that is written or removed. */
  constructor(changed: (id: string) => void) {
    this.#changed = changed
  }

  get(id: string): SessionRecord | null {
    const packed = this.#records.get(id)
    if (packed === undefined) return null
    return this.#userAgents.restore(decodeRecord(Buffer.from(packed, 'latin1'), id))
  }

  put(record: SessionRecord, before: SessionRecord | null): void {
    const bytes = encodeRecord(this.#userAgents.shorten(record))
    this.#records.set(
      record.id,
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'),
    )
    if (record.subject !== null && before?.subject !== record.subject)
      this.#index(record.subject, record.id)
    this.#changed(record.id)
  }

  remove(record: SessionRecord): void {
    this.#records.delete(record.id)
    if (record.subject !== null) this.#unindex(record.subject, record.id)
    this.#changed(record.id)
  }

  idsOf(subject: string, after: string): Iterable<string> {
    const ids = this.#subjects.get(subject)
    if (ids === undefined) return []
    if (typeof ids === 'string') return ids > after ? [ids] : []
    return [...ids].filter((id) => id > after).toSorted()
  }

  epochs(): Epochs {
    return this.#epochs
  }

  setEpochs(epochs: Epochs): void {
    this.#epochs = epochs
  }

  barrier(subject: string): Barrier | null {
    return this.#barriers.get(subject) ?? null
  }

  setBarrier(subject: string, barrier: Barrier): void {
    this.#barriers.delete(subject)
    this.#barriers.set(subject, barrier)
  }

  schedule(id: string, at: number): void {
    this.#schedule.add(id, at)
  }

  takeDue(now: number, limit: number): readonly string[] {
    return this.#schedule.take(now, limit)
  }

  takeBarriers(before: number, limit: number): number {
    let epoch = 0
    let left = limit
    for (const [subject, barrier] of this.#barriers) {
      if (barrier.at >= before || left === 0) break
      this.#barriers.delete(subject)
      epoch = Math.max(epoch, barrier.epoch)
      left -= 1
    }
    return epoch
  }

  /** Most subjects have one session: a set is made for the second. */
  #index(subject: string, id: string): void {
    const ids = this.#subjects.get(subject)
    if (ids === undefined) this.#subjects.set(subject, id)
    else if (typeof ids !== 'string') ids.add(id)
    else if (ids !== id) this.#subjects.set(subject, new Set([ids, id]))
  }

  #unindex(subject: string, id: string): void {
    const ids = this.#subjects.get(subject)
    if (ids === id) this.#subjects.delete(subject)
    else if (ids instanceof Set && ids.delete(id) && ids.size === 0) this.#subjects.delete(subject)
  }
}
