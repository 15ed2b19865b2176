import { decodeRecord, type SessionRecord } from '@holdfast/core/store'

interface Kept {
  readonly bytes: Buffer
  readonly record: SessionRecord
}

/** Records at a time; of the generation before, as many again. */
const GENERATION = 10_000
/** Larger ones are rare, and would make the memory that is kept hard to foresee. */
const LARGEST = 4096
/** 256 KiB. With 2 ** 14, half of 10,000 sessions that come by turns shared a slot, forgot one another, and were never kept. */
const SLOT_BITS = 16

/**
 * Spares decoding a record again while its stored bytes are the same. The bytes are read from the store each time, so
 * what it gives is never older than they are.
 *
 * A record is kept from its second read on: keeping costs more than decoding once (measured: 4 µs against 1).
 */
export class KeptRecords {
  #young = new Map<string, Kept>()
  #old = new Map<string, Kept>()
  /** Part of the id that was last read of all that share a slot. */
  readonly #read = new Int32Array(2 ** SLOT_BITS)

  /** The record that `bytes`, stored under `id`, stand for; `key` is the id as bytes. Both buffers may be reused. */
  decode(bytes: Buffer, id: string, key: Buffer): SessionRecord {
    const kept = this.#young.get(id) ?? this.#old.get(id)
    if (kept !== undefined && kept.bytes.equals(bytes)) return kept.record
    const record = decodeRecord(bytes, id)
    if (this.#wasRead(key) && bytes.length <= LARGEST)
      this.#keep(id, { bytes: Buffer.from(bytes), record })
    return record
  }

  #wasRead(key: Buffer): boolean {
    const slot = Math.imul(key.readInt32LE(0), 0x9e3779b1) >>> (32 - SLOT_BITS)
    const mark = key.readInt32LE(4)
    if (this.#read[slot] === mark) return true
    this.#read[slot] = mark
    return false
  }

  #keep(id: string, kept: Kept): void {
    this.#young.set(id, kept)
    if (this.#young.size < GENERATION) return
    this.#old = this.#young
    this.#young = new Map()
  }
}
