import { hash } from 'node:crypto'
import { corrupt } from './errors.js'
import type { SubjectPlace } from './keys.js'

/** A session in its subject's index. */
export interface Entry {
  readonly id: string
  /** When its sign-in took this place: an instant of the server's clock, which tells one sign-in from the next. */
  readonly reserved: number
  /** Displaced by a newer one: to be ended before that one is written. */
  readonly marked: boolean
}

const FORMAT = 1
const HEAD_BYTES = 17
const ENTRY_BYTES = 29
const ID_BYTES = 22

/** Reads a subject's field as `subject.lua.ts` writes it. Throws `ERR_SESSION_STORE_CORRUPT`. */
export function readEntries(bytes: Buffer, { key, field }: SubjectPlace): readonly Entry[] {
  if (bytes.length === 0) return []
  const whole = bytes.length >= HEAD_BYTES && (bytes.length - HEAD_BYTES) % ENTRY_BYTES === 0
  if (bytes[0] !== FORMAT || !whole || !isIntact(bytes, key, field))
    throw corrupt("a subject's index is damaged")
  const entries: Entry[] = []
  for (let at = HEAD_BYTES; at < bytes.length; at += ENTRY_BYTES) {
    entries.push({
      id: bytes.toString('latin1', at, at + ID_BYTES),
      reserved: bytes.readUIntBE(at + ID_BYTES, 6),
      marked: bytes[at + ENTRY_BYTES - 1] === 1,
    })
  }
  return entries
}

function isIntact(bytes: Buffer, key: string, field: Buffer): boolean {
  const covered = Buffer.concat([bytes.subarray(0, 1), field, bytes.subarray(5), Buffer.from(key)])
  return hash('sha1', covered, 'hex').slice(0, 8) === bytes.toString('hex', 1, 5)
}
