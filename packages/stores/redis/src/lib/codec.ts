import { hash } from 'node:crypto'
import type { ClientDescription } from '@holdfast/core'
import { ByteReader, type PreviousVerifier, type SessionRecord } from '@holdfast/core/store'
import { corrupt, unsupported } from './errors.js'
import { Packer } from './pack.js'
import { restoreUserAgent, shortenUserAgent } from './user-agents.js'

/** Version of the layout; a stored value of a newer one is refused, never guessed at. `record.lua` knows it too. */
const FORMAT = 1

const PERSISTENT = 1
const SUBJECT = 2
const AUTHENTICATED = 4
const PREVIOUS = 8
const CLIENT = 16
const REVOKED = 32
const DOOM = 64
const DATA = 128
/** In the second byte of flags: no record, only a doom for one that is on its way. */
const VOID = 1

const CHECKSUM_AT = 3
const BODY_AT = 7
const HASH_BYTES = 32

const BOUND = 1
const DESCRIBED = 2

/**
 * A record as one compact string. It does not hold its id: the checksum covers the key, so that a value under another's
 * key, in another tenant's prefix too, is as damaged as one whose bits have flipped.
 */
export function encodeRecord(record: SessionRecord, key: string): Buffer {
  const out = new Packer()
  out.byte(FORMAT)
  out.byte(flagsOf(record))
  out.byte(0)
  out.skip(BODY_AT - CHECKSUM_AT)
  out.raw(hashBytes(record.verifierHash))
  out.integer(record.version)
  out.integer(record.generation)
  out.integer(record.createdAt)
  for (const at of instantsOf(record)) out.signed(at - record.createdAt)
  if (record.subject !== null) out.text(record.subject)
  if (record.authenticatedAt !== null) {
    out.signed(record.authenticatedAt - record.createdAt)
    out.blob(packMethods(record.methods))
  }
  if (record.previous !== null) packPrevious(out, record.previous)
  if (record.client !== null || record.binding !== null) out.blob(packClient(record))
  if (record.revokedAt !== null) {
    out.integer(record.revokedAt)
    out.text(record.reason ?? '')
  }
  if (record.data.size > 0) packData(out, record.data)
  const bytes = out.finish()
  checksum(bytes, key).copy(bytes, CHECKSUM_AT)
  return bytes
}

/**
 * Reads what {@link encodeRecord} or a script wrote under `key`; null for a mere doom. Throws `ERR_SESSION_STORE_CORRUPT`
 * for what is cut, damaged or foreign, `ERR_SESSION_STORE_UNSUPPORTED` for a newer format.
 */
export function decodeRecord(bytes: Buffer, key: string, id: string): SessionRecord | null {
  checkEnvelope(bytes, key, id)
  if (((bytes[2] ?? 0) & VOID) !== 0) return null
  try {
    return readRecord(new ByteReader(bytes, BODY_AT), bytes[1] ?? 0, id)
  } catch (cause) {
    throw corrupt(`the stored value of session ${id} cannot be read`, cause)
  }
}

function checkEnvelope(bytes: Buffer, key: string, id: string): void {
  const format = bytes[0] ?? 0
  if (format > FORMAT && format < 32) {
    throw unsupported(
      `session ${id} is stored in format ${format}; this version reads up to ${FORMAT}. Upgrade Holdfast, or restore the data it was written with`,
    )
  }
  if (format !== FORMAT || bytes.length <= BODY_AT)
    throw corrupt(`the stored value of session ${id} is not a session record`)
  if (checksum(bytes, key).compare(bytes, CHECKSUM_AT, BODY_AT) !== 0)
    throw corrupt(`the stored value of session ${id} is damaged, or another key's`)
}

/** SHA-1, because a script computes it in C: it tells damage, not an attacker, who could compute it as well. */
function checksum(bytes: Buffer, key: string): Buffer {
  const parts = [bytes.subarray(0, CHECKSUM_AT), bytes.subarray(BODY_AT), Buffer.from(key)]
  const covered = Buffer.concat(parts)
  return Buffer.from(hash('sha1', covered, 'hex').slice(0, 8), 'hex')
}

export function hashBytes(verifierHash: string): Buffer {
  const bytes = Buffer.from(verifierHash, 'base64url')
  if (bytes.length !== HASH_BYTES)
    throw new TypeError('verifierHash must be a SHA-256 as base64url')
  return bytes
}

function flagsOf(record: SessionRecord): number {
  return (
    (record.persistent ? PERSISTENT : 0) |
    (record.subject === null ? 0 : SUBJECT) |
    (record.authenticatedAt === null ? 0 : AUTHENTICATED) |
    (record.previous === null ? 0 : PREVIOUS) |
    (record.client === null && record.binding === null ? 0 : CLIENT) |
    (record.revokedAt === null ? 0 : REVOKED) |
    (record.data.size === 0 ? 0 : DATA)
  )
}

/** In the order in which they are stored, as distances from the creation. */
function instantsOf(record: SessionRecord): readonly number[] {
  // Counts of revocations are instants too (see `epochs.lua.ts`).
  return [
    record.epoch,
    record.rotatedAt,
    record.lastSeenAt,
    record.idleDeadline,
    record.absoluteDeadline,
  ]
}

export function packMethods(methods: readonly string[]): Buffer {
  const out = new Packer()
  for (const method of methods) out.text(method)
  return out.finish()
}

function packPrevious(out: Packer, previous: PreviousVerifier): void {
  out.raw(hashBytes(previous.verifierHash))
  out.text(previous.sealed ?? '')
  out.integer(previous.supersededAt === null ? 0 : previous.supersededAt + 1)
}

/** What no script ever looks into. Null and the empty text are the same: neither describes anything. */
function packClient({ client, binding }: SessionRecord): Buffer {
  const out = new Packer()
  out.byte((binding === null ? 0 : BOUND) | (client === null ? 0 : DESCRIBED))
  if (binding !== null) out.text(binding)
  if (client !== null) {
    out.text(client.label ?? '')
    out.text(client.address ?? '')
    out.text(shortenUserAgent(client.userAgent ?? ''))
  }
  return out.finish()
}

function packData(out: Packer, data: ReadonlyMap<string, string>): void {
  out.integer(data.size)
  for (const [key, text] of data) {
    out.text(key)
    out.text(text)
  }
}

const NO_METHODS: readonly string[] = []
const NO_DATA: ReadonlyMap<string, string> = new Map()

function readRecord(input: ByteReader, flags: number, id: string): SessionRecord {
  const has = (flag: number): boolean => (flags & flag) !== 0
  const verifierHash = input.hash()
  const version = input.integer()
  const generation = input.integer()
  const createdAt = input.integer()
  const epoch = createdAt + input.signed()
  const rotatedAt = createdAt + input.signed()
  const lastSeenAt = createdAt + input.signed()
  const idleDeadline = createdAt + input.signed()
  const absoluteDeadline = createdAt + input.signed()
  const subject = has(SUBJECT) ? input.text() : null
  const authenticatedAt = has(AUTHENTICATED) ? createdAt + input.signed() : null
  const methods = has(AUTHENTICATED) ? readMethods(input.blob()) : NO_METHODS
  const previous = has(PREVIOUS) ? readPrevious(input) : null
  const { client, binding } = has(CLIENT) ? readClient(input.blob()) : NO_CLIENT
  const revokedAt = has(REVOKED) ? input.integer() : null
  const reason = has(REVOKED) ? input.text() : null
  if (has(DOOM)) skipDoom(input)
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

function readMethods(blob: Buffer): readonly string[] {
  const input = new ByteReader(blob, 0)
  const methods: string[] = []
  while (input.more) methods.push(input.text())
  return methods
}

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

interface ClientParts {
  readonly client: ClientDescription | null
  readonly binding: string | null
}

const NO_CLIENT: ClientParts = { client: null, binding: null }

function readClient(blob: Buffer): ClientParts {
  const parts = blob[0] ?? 0
  const input = new ByteReader(blob, 1)
  const binding = (parts & BOUND) === 0 ? null : input.text()
  const client = (parts & DESCRIBED) === 0 ? null : readDescription(input)
  input.end()
  return { client, binding }
}

function readDescription(input: ByteReader): ClientDescription {
  const optional = (text: string): string | null => (text === '' ? null : text)
  return {
    label: optional(input.text()),
    address: optional(input.text()),
    userAgent: optional(restoreUserAgent(input.text())),
  }
}

/** Cut, subject, instant and reason: for the scripts only. */
function skipDoom(input: ByteReader): void {
  input.integer()
  input.text()
  input.integer()
  input.text()
}

function readData(input: ByteReader): ReadonlyMap<string, string> {
  const data = new Map<string, string>()
  for (let left = input.integer(); left > 0; left--) data.set(input.text(), input.text())
  return data
}
