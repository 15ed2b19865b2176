import { hash } from 'node:crypto'
import { corrupt, unsupported } from './errors.js'
import type { SubjectPlace } from './keys.js'

/** A session in its subject's index. */
export interface Entry {
  readonly id: string
  /** When its sign-in took this place: an instant of the server's clock, which tells one sign-in from the next. */
  readonly reserved: number
  /** As it stands among the older ones; null in the field itself. */
  readonly older: Buffer | null
}

const PLAIN = 1
const BARRED = 2
const PLAIN_HEAD = 9
const BARRED_HEAD = 15
const ID_BYTES = 17
const ENTRY_BYTES = 23
const MARK = 2 ** 47

/**
 * Reads a subject's field and its older places as `subject.lua.ts` writes them; of two places of a session, the newer one.
 * Throws `ERR_SESSION_STORE_CORRUPT`.
 */
export function readEntries(
  bytes: Buffer,
  older: readonly Buffer[],
  place: SubjectPlace,
): readonly Entry[] {
  const byId = new Map<string, Entry>()
  for (const each of older) {
    if (each.length !== ENTRY_BYTES) throw corrupt("a subject's index is damaged")
    const entry = readEntry(each, 0, each)
    if (entry.reserved >= (byId.get(entry.id)?.reserved ?? 0)) byId.set(entry.id, entry)
  }
  for (const entry of readField(bytes, place)) byId.set(entry.id, entry)
  return [...byId.values()]
}

function readField(bytes: Buffer, { key, field }: SubjectPlace): readonly Entry[] {
  if (bytes.length === 0) return []
  const format = bytes[0] ?? 0
  if (format > BARRED && format < 32)
    throw unsupported("a subject's index is stored in a newer format: upgrade Holdfast")
  const head = format === BARRED ? BARRED_HEAD : PLAIN_HEAD
  const whole = bytes.length >= head && (bytes.length - head) % ENTRY_BYTES === 0
  if ((format !== PLAIN && format !== BARRED) || !whole || !isIntact(bytes, key, field))
    throw corrupt("a subject's index is damaged")
  const entries: Entry[] = []
  for (let at = head; at < bytes.length; at += ENTRY_BYTES) entries.push(readEntry(bytes, at, null))
  return entries
}

/** A mark is for the scripts only. */
function readEntry(bytes: Buffer, at: number, older: Buffer | null): Entry {
  const id = unpackId(bytes.subarray(at, at + ID_BYTES))
  return { id, reserved: bytes.readUIntBE(at + ID_BYTES, 6) % MARK, older }
}

function isIntact(bytes: Buffer, key: string, field: Buffer): boolean {
  const covered = Buffer.concat([bytes.subarray(0, 1), field, bytes.subarray(5), Buffer.from(key)])
  return hash('sha1', covered, 'hex').slice(0, 8) === bytes.toString('hex', 1, 5)
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_LENGTH = 22
const BASE = 62n

/** A session id as a number of 17 bytes: an index holds many of them. */
export function packId(id: string): Buffer {
  let number = 0n
  for (const digit of id) number = number * BASE + BigInt(DIGITS.indexOf(digit))
  return Buffer.from(number.toString(16).padStart(2 * ID_BYTES, '0'), 'hex')
}

/** The id that {@link packId} packed. */
export function unpackId(bytes: Buffer): string {
  let number = BigInt(`0x${bytes.toString('hex')}`)
  let id = ''
  for (let n = 0; n < ID_LENGTH; n++) {
    id = DIGITS.charAt(Number(number % BASE)) + id
    number /= BASE
  }
  return id
}
