import {
  decodeRecord,
  encodeRecord,
  isSessionId,
  NO_EPOCHS,
  type Barrier,
  type Epochs,
  type SessionRecord,
  type StoreTransaction,
} from '@holdfast/core/store'
import type { Environment, Table } from './environment.js'
import {
  HASH_BYTES,
  idAt,
  idKey,
  subjectEnd,
  subjectHash,
  subjectKey,
  TIME_BYTES,
  timeKey,
} from './keys.js'
import type { KeptRecords } from './kept-records.js'
import { decodeBarrier, decodeEpochs, encodeBarrier, encodeEpochs, epochsMark } from './values.js'

const NOTHING = Buffer.alloc(0)
const EPOCHS = Buffer.from('epochs')

/** First byte of a key in the barriers table: two ranges that do not mix. */
const BY_SUBJECT = Buffer.from('s')
const BY_AGE = Buffer.from('t')

/**
 * The store's tables. Writes need a transaction around them; reads without one see the snapshot that the environment has
 * open, which the caller renews.
 */
export class Tables implements StoreTransaction {
  readonly #environment: Environment
  readonly #kept: KeptRecords | null
  /** Counts what was written, so that a caller can tell whether an operation that failed had begun. */
  mutations = 0
  #mark = -1
  #epochs: Epochs = NO_EPOCHS

  /** With `kept`, records that have not changed are not decoded again. */
  constructor(environment: Environment, kept: KeptRecords | null = null) {
    this.#environment = environment
    this.#kept = kept
  }

  get(id: string): SessionRecord | null {
    if (!isSessionId(id)) return null
    const key = idKey(id)
    const bytes = this.#environment.records.getBinaryFast(key)
    if (bytes === undefined) return null
    const value = exact(bytes)
    return this.#kept === null ? decodeRecord(value, id) : this.#kept.decode(value, id, key)
  }

  put(record: SessionRecord, before: SessionRecord | null): void {
    const bytes = encodeRecord(record)
    this.#write(this.#environment.records, idKey(record.id), bytes)
    if (record.subject !== null && before?.subject !== record.subject) {
      const key = subjectKey(subjectHash(record.subject), record.id)
      this.#write(this.#environment.subjects, key, NOTHING)
    }
  }

  remove(record: SessionRecord): void {
    this.#delete(this.#environment.records, idKey(record.id))
    if (record.subject === null) return
    this.#delete(this.#environment.subjects, subjectKey(subjectHash(record.subject), record.id))
  }

  *idsOf(subject: string, after: string): Iterable<string> {
    const prefix = subjectHash(subject)
    const range = { start: subjectKey(prefix, after), end: subjectEnd(prefix) }
    for (const key of this.#environment.subjects.getKeys(range)) {
      const id = idAt(key, HASH_BYTES)
      if (id > after) yield id
    }
  }

  /** Read with every record; decoded again only when the bytes have changed. */
  epochs(): Epochs {
    const bytes = this.#environment.meta.getBinaryFast(EPOCHS)
    if (bytes === undefined) return NO_EPOCHS
    const mark = bytes.length < 8 ? -1 : epochsMark(bytes)
    if (mark !== this.#mark || mark === -1) {
      this.#epochs = decodeEpochs(exact(bytes))
      this.#mark = mark
    }
    return this.#epochs
  }

  setEpochs(epochs: Epochs): void {
    this.#write(this.#environment.meta, EPOCHS, encodeEpochs(epochs))
  }

  barrier(subject: string): Barrier | null {
    return this.#barrierAt(bySubject(subjectHash(subject)))
  }

  setBarrier(subject: string, barrier: Barrier): void {
    const hash = subjectHash(subject)
    const key = bySubject(hash)
    const before = this.#barrierAt(key)
    if (before !== null) this.#delete(this.#environment.barriers, byAge(before.at, hash))
    this.#write(this.#environment.barriers, key, encodeBarrier(barrier))
    this.#write(this.#environment.barriers, byAge(barrier.at, hash), NOTHING)
  }

  schedule(id: string, at: number): void {
    this.#write(this.#environment.due, timeKey(at, idKey(id)), NOTHING)
  }

  takeDue(now: number, limit: number): readonly string[] {
    const taken: Buffer[] = []
    const ids = new Set<string>()
    const range = { start: timeKey(0, NOTHING), end: timeKey(now + 1, NOTHING) }
    for (const key of this.#environment.due.getKeys(range)) {
      if (ids.size === limit) break
      taken.push(key)
      ids.add(idAt(key, TIME_BYTES))
    }
    for (const key of taken) this.#delete(this.#environment.due, key)
    return [...ids]
  }

  takeBarriers(before: number, limit: number): number {
    const range = { start: byAge(0, NOTHING), end: byAge(before, NOTHING), limit }
    let epoch = 0
    const keys = [...this.#environment.barriers.getKeys(range)]
    for (const key of keys) {
      const subject = bySubject(key.subarray(BY_AGE.length + TIME_BYTES))
      epoch = Math.max(epoch, this.#barrierAt(subject)?.epoch ?? 0)
      this.#delete(this.#environment.barriers, subject)
      this.#delete(this.#environment.barriers, key)
    }
    return epoch
  }

  #barrierAt(key: Buffer): Barrier | null {
    const bytes = read(this.#environment.barriers, key)
    return bytes === null ? null : decodeBarrier(bytes)
  }

  #write(table: Table, key: Buffer, value: Uint8Array): void {
    this.mutations += 1
    table.putSync(key, Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  }

  #delete(table: Table, key: Buffer): void {
    this.mutations += 1
    table.removeSync(key)
  }
}

/** The value as it stands in a shared buffer: good until the next read. */
function read(table: Table, key: Buffer): Buffer | null {
  const bytes = table.getBinaryFast(key)
  return bytes === undefined ? null : exact(bytes)
}

/** The buffer that the package reads into is longer than the value; only its `length` has been set to fit. */
function exact(bytes: Buffer): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function bySubject(hash: Buffer): Buffer {
  return Buffer.concat([BY_SUBJECT, hash])
}

function byAge(at: number, hash: Buffer): Buffer {
  return Buffer.concat([BY_AGE, timeKey(at, hash)])
}
