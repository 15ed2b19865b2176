import { hash } from 'node:crypto'

const ID_BYTES = 22
export const HASH_BYTES = 16
export const TIME_BYTES = 6

/** Later than any instant a key can name is as good as never. */
const LATEST = 2 ** 48 - 1

const idBuffer = Buffer.alloc(ID_BYTES)

/** The record's key. One shared buffer: good until the next call. */
export function idKey(id: string): Buffer {
  idBuffer.write(id, 0, ID_BYTES, 'latin1')
  return idBuffer
}

/** 128 bits of the subject's SHA-256: of one length, whatever the subject's is. */
export function subjectHash(subject: string): Buffer {
  return Buffer.from(hash('sha256', subject, 'hex').slice(0, HASH_BYTES * 2), 'hex')
}

/** Subject hash, then id: a subject's ids stand together, in order. */
export function subjectKey(subject: Buffer, id: string): Buffer {
  const key = Buffer.alloc(HASH_BYTES + id.length)
  subject.copy(key)
  key.write(id, HASH_BYTES, id.length, 'latin1')
  return key
}

/** The first key behind all of this subject's: ids are base62, below 0x7F. */
export function subjectEnd(subject: Buffer): Buffer {
  return Buffer.concat([subject, Buffer.of(0x7f)])
}

/** Big-endian instant, then `rest`: in order of time. */
export function timeKey(at: number, rest: Uint8Array): Buffer {
  const key = Buffer.alloc(TIME_BYTES + rest.length)
  key.writeUIntBE(Math.min(Math.max(0, Math.ceil(at)), LATEST), 0, TIME_BYTES)
  key.set(rest, TIME_BYTES)
  return key
}

export function idAt(key: Buffer, offset: number): string {
  return key.toString('latin1', offset)
}
