import { crc32 } from 'node:zlib'
import { ByteReader, ByteWriter, HASH_BYTES } from './bytes.js'
import { SessionError } from './errors.js'
import { isSessionId } from './token.js'
import type { ClientDescription, PreviousVerifier, SessionRecord } from './record.js'

/** Version of the layout below; a stored value of another version is refused, never guessed at. */
const FORMAT = 1

const PERSISTENT = 1
const SUBJECT = 2
const PREVIOUS = 4
const REVOKED = 8
const AUTHENTICATED = 16
const CLIENT = 32
const BINDING = 64
const DATA = 128

const CHECKSUM_AT = 2
const BODY_AT = 6
const ID_BYTES = 22

/**
 * A record as bytes: format, flags, CRC-32 of the rest, id, verifier hash, then integers and texts, each text behind its
 * length. The value names its own key, and the checksum tells damage from data: both are checked on read.
 */
export function encodeRecord(record: SessionRecord): Uint8Array {
  const out = new ByteWriter()
  out.byte(FORMAT)
  out.byte(flagsOf(record))
  out.skip(BODY_AT - CHECKSUM_AT)
  out.latin1(record.id, ID_BYTES)
  out.hash(record.verifierHash)
  out.integer(record.version)
  out.integer(record.generation)
  out.integer(record.epoch)
  out.integer(record.createdAt)
  writeInstants(out, record)
  if (record.subject !== null) out.text(record.subject)
  if (record.authenticatedAt !== null) {
    out.signed(record.authenticatedAt - record.createdAt)
    out.texts(record.methods)
  }
  if (record.previous !== null) writePrevious(out, record.previous)
  if (record.client !== null) writeClient(out, record.client)
  if (record.binding !== null) out.text(record.binding)
  if (record.revokedAt !== null) {
    out.integer(record.revokedAt)
    out.text(record.reason ?? '')
  }
  if (record.data.size > 0) writeData(out, record.data)
  const bytes = out.finish()
  bytes.writeUInt32LE(checksum(bytes), CHECKSUM_AT)
  return bytes
}

/**
 * Reads what {@link encodeRecord} wrote under the key `id`. Throws `ERR_SESSION_STORE_CORRUPT` for a value that is cut,
 * damaged or another key's, and `ERR_SESSION_STORE_UNSUPPORTED` for one of a newer format.
 */
export function decodeRecord(bytes: Uint8Array, id: string): SessionRecord {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  checkEnvelope(buffer, id)
  try {
    return readRecord(new ByteReader(buffer, BODY_AT), buffer[1] ?? 0)
  } catch (cause) {
    throw corrupt(id, 'cannot be read', cause)
  }
}

function checkEnvelope(buffer: Buffer, id: string): void {
  if (buffer.length < BODY_AT + ID_BYTES + HASH_BYTES) throw corrupt(id, 'is cut short')
  const format = buffer[0] ?? 0
  if (format > FORMAT && format < 32) {
    throw new SessionError(
      'ERR_SESSION_STORE_UNSUPPORTED',
      `session ${id} is stored in format ${format}; this version reads up to ${FORMAT}. Upgrade Holdfast, or restore the data it was written with`,
    )
  }
  if (format !== FORMAT) throw corrupt(id, 'is not a session record')
  if (buffer.readUInt32LE(CHECKSUM_AT) !== checksum(buffer))
    throw corrupt(id, 'is damaged (checksum)')
  if (buffer.toString('latin1', BODY_AT, BODY_AT + ID_BYTES) !== id)
    throw corrupt(id, "is another session's")
}

function corrupt(id: string, what: string, cause?: unknown): SessionError {
  const key = isSessionId(id) ? id : '(not a session id)'
  return new SessionError(
    'ERR_SESSION_STORE_CORRUPT',
    `the stored value of session ${key} ${what}`,
    { cause },
  )
}

function checksum(buffer: Buffer): number {
  return crc32(buffer.subarray(BODY_AT), (buffer[1] ?? 0) + 1)
}

function flagsOf(record: SessionRecord): number {
  return (
    (record.persistent ? PERSISTENT : 0) |
    (record.subject === null ? 0 : SUBJECT) |
    (record.previous === null ? 0 : PREVIOUS) |
    (record.revokedAt === null ? 0 : REVOKED) |
    (record.authenticatedAt === null ? 0 : AUTHENTICATED) |
    (record.client === null ? 0 : CLIENT) |
    (record.binding === null ? 0 : BINDING) |
    (record.data.size === 0 ? 0 : DATA)
  )
}

/** Instants near the creation are written as their distance from it. */
function writeInstants(out: ByteWriter, record: SessionRecord): void {
  out.signed(record.rotatedAt - record.createdAt)
  out.signed(record.lastSeenAt - record.createdAt)
  out.signed(record.idleDeadline - record.createdAt)
  out.signed(record.absoluteDeadline - record.createdAt)
}

function writePrevious(out: ByteWriter, previous: PreviousVerifier): void {
  out.hash(previous.verifierHash)
  out.text(previous.sealed ?? '')
  out.integer(previous.supersededAt === null ? 0 : previous.supersededAt + 1)
}

function writeClient(out: ByteWriter, client: ClientDescription): void {
  out.optional(client.label)
  out.optional(client.address)
  out.optional(client.userAgent)
}

function writeData(out: ByteWriter, data: ReadonlyMap<string, string>): void {
  out.integer(data.size)
  for (const [key, text] of data) {
    out.text(key)
    out.text(text)
  }
}

function readRecord(input: ByteReader, flags: number): SessionRecord {
  const has = (flag: number): boolean => (flags & flag) !== 0
  const id = input.latin1(ID_BYTES)
  const verifierHash = input.hash()
  const version = input.integer()
  const generation = input.integer()
  const epoch = input.integer()
  const createdAt = input.integer()
  const rotatedAt = createdAt + input.signed()
  const lastSeenAt = createdAt + input.signed()
  const idleDeadline = createdAt + input.signed()
  const absoluteDeadline = createdAt + input.signed()
  const subject = has(SUBJECT) ? input.text() : null
  const authenticatedAt = has(AUTHENTICATED) ? createdAt + input.signed() : null
  const methods = has(AUTHENTICATED) ? input.texts() : NO_METHODS
  const previous = has(PREVIOUS) ? readPrevious(input) : null
  const client = has(CLIENT) ? readClient(input) : null
  const binding = has(BINDING) ? input.text() : null
  const revokedAt = has(REVOKED) ? input.integer() : null
  const reason = has(REVOKED) ? input.text() : null
  const data = has(DATA) ? readData(input) : NO_DATA
  input.end()
  return {
    id,
    verifierHash,
    rotatedAt,
    previous,
    version,
    generation,
    epoch,
    subject,
    createdAt,
    authenticatedAt,
    methods,
    lastSeenAt,
    idleDeadline,
    absoluteDeadline,
    persistent: has(PERSISTENT),
    client,
    binding,
    data,
    revokedAt,
    reason,
  }
}

const NO_METHODS: readonly string[] = []
const NO_DATA: ReadonlyMap<string, string> = new Map()

function readPrevious(input: ByteReader): PreviousVerifier {
  const verifierHash = input.hash()
  const sealed = input.text()
  const superseded = input.integer()
  return {
    verifierHash,
    sealed: sealed === '' ? null : sealed,
    supersededAt: superseded === 0 ? null : superseded - 1,
  }
}

function readClient(input: ByteReader): ClientDescription {
  return { label: input.optional(), address: input.optional(), userAgent: input.optional() }
}

function readData(input: ByteReader): ReadonlyMap<string, string> {
  const data = new Map<string, string>()
  for (let left = input.integer(); left > 0; left--) data.set(input.text(), input.text())
  return data
}
