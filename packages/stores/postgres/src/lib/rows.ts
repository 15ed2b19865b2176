import { SessionError } from '@holdfast/core'
import { isSessionId, purgeAt, type SessionRecord } from '@holdfast/core/store'
import { fromText, toText, toTextOrNull } from './text.js'

const HASH_BYTES = 32
const SLOT = 1000

/** A hash as PostgreSQL reads a bytea; hex of what is there for one that is none, so that it equals nothing. */
export function toBytea(hash: string): string {
  return `\\x${Buffer.from(hash, 'base64url').toString('hex')}`
}

/** The record as a row of the sessions table, in JSON. Errors: `ERR_SESSION_DATA_INVALID` for one that is none. */
export function toRow(record: SessionRecord): string {
  const { previous, client } = record
  if (!isSessionId(record.id)) throw invalid('id')
  for (const hash of [record.verifierHash, previous?.verifierHash ?? record.verifierHash])
    if (Buffer.from(hash, 'base64url').length !== HASH_BYTES) throw invalid('verifier hash')
  return JSON.stringify({
    id: record.id,
    verifier_hash: toBytea(record.verifierHash),
    version: record.version,
    generation: record.generation,
    epoch: record.epoch,
    created_at: record.createdAt,
    rotated_at: record.rotatedAt,
    last_seen_at: record.lastSeenAt,
    idle_deadline: record.idleDeadline,
    absolute_deadline: record.absoluteDeadline,
    sweep_at: Math.ceil(purgeAt(record) / SLOT) * SLOT,
    persistent: record.persistent,
    subject: toTextOrNull(record.subject),
    authenticated_at: record.authenticatedAt,
    methods: record.methods.map(toText),
    previous_hash: previous === null ? null : toBytea(previous.verifierHash),
    previous_sealed: toTextOrNull(previous?.sealed ?? null),
    superseded_at: previous?.supersededAt ?? null,
    // A client of which nothing is known differs from no client.
    client_label: client === null ? null : toText(client.label ?? ''),
    client_address: toTextOrNull(client?.address ?? null),
    client_agent: toTextOrNull(client?.userAgent ?? null),
    binding: toTextOrNull(record.binding),
    data: dataOf(record.data),
    revoked_at: record.revokedAt,
    reason: toTextOrNull(record.reason),
  })
}

function invalid(what: string): SessionError {
  return new SessionError(
    'ERR_SESSION_DATA_INVALID',
    `a record with this ${what} cannot be stored: it is not the ${what} of a session`,
  )
}

/** Data as an object of texts. */
export function dataOf(data: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...data].map(([key, text]) => [toText(key), toText(text)]))
}

/**
 * The record in a row as `statements.ts` selects it. Errors: `ERR_SESSION_STORE_CORRUPT` for a row that no version of
 * Holdfast has written, and for another session's than `id`.
 */
export function fromRow(json: unknown, id?: string): SessionRecord {
  const record = typeof json === 'string' ? read(new Columns(json)) : null
  if (record === null || !isSessionId(record.id) || (id !== undefined && record.id !== id))
    throw corrupt(id, 'is not a session record')
  return record
}

function corrupt(id: string | undefined, what: string): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE_CORRUPT',
    `the stored row of session ${isSessionId(id) ? id : '(unknown)'} ${what}`,
  )
}

function read(row: Columns): SessionRecord | null {
  const record = {
    id: row.text(),
    verifierHash: row.text(),
    version: row.integer(),
    generation: row.integer(),
    epoch: row.integer(),
    createdAt: row.integer(),
    rotatedAt: row.integer(),
    lastSeenAt: row.integer(),
    idleDeadline: row.integer(),
    absoluteDeadline: row.integer(),
    persistent: row.flag(),
    subject: row.textOrNull(),
    authenticatedAt: row.integerOrNull(),
    methods: row.texts(),
    previous: readPrevious(row),
    client: readClient(row),
    binding: row.textOrNull(),
    data: row.data(),
    revokedAt: row.integerOrNull(),
    reason: row.textOrNull(),
  }
  return row.whole ? record : null
}

function readPrevious(row: Columns): SessionRecord['previous'] {
  const verifierHash = row.textOrNull()
  const sealed = row.textOrNull()
  const supersededAt = row.integerOrNull()
  return verifierHash === null ? null : { verifierHash, sealed, supersededAt }
}

function readClient(row: Columns): SessionRecord['client'] {
  const [label, address, userAgent] = [row.textOrNull(), row.textOrNull(), row.textOrNull()]
  if (label === null && address === null && userAgent === null) return null
  return { label: label === '' ? null : label, address, userAgent }
}

const NO_DATA: ReadonlyMap<string, string> = new Map()

/** Reads one column after the other; `whole` is false once one was not what it should be. */
class Columns {
  whole = true
  readonly #columns: readonly unknown[]
  #at = 0

  constructor(json: string) {
    const columns: unknown = JSON.parse(json)
    this.#columns = Array.isArray(columns) ? columns : []
  }

  text(): string {
    const value = this.#next()
    return typeof value === 'string' ? fromText(value) : this.#broken('')
  }

  textOrNull(): string | null {
    return this.#columns[this.#at] === null ? this.#null() : this.text()
  }

  integer(): number {
    const value = this.#next()
    return Number.isSafeInteger(value) ? Number(value) : this.#broken(0)
  }

  integerOrNull(): number | null {
    return this.#columns[this.#at] === null ? this.#null() : this.integer()
  }

  flag(): boolean {
    const value = this.#next()
    return typeof value === 'boolean' ? value : this.#broken(false)
  }

  texts(): readonly string[] {
    const value = this.#next()
    if (!Array.isArray(value)) return this.#broken([])
    return value.map((text) => (typeof text === 'string' ? fromText(text) : this.#broken('')))
  }

  data(): ReadonlyMap<string, string> {
    const value = this.#next()
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.#broken(NO_DATA)
    const data = new Map<string, string>()
    for (const [key, text] of Object.entries(value))
      data.set(fromText(key), typeof text === 'string' ? fromText(text) : this.#broken(''))
    return data
  }

  #next(): unknown {
    return this.#columns[this.#at++]
  }

  #null(): null {
    this.#at += 1
    return null
  }

  #broken<T>(instead: T): T {
    this.whole = false
    return instead
  }
}
