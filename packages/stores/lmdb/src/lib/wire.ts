import { SessionError, type SessionErrorCode } from '@holdfast/core'
import {
  decodeRecord,
  encodeRecord,
  type Admission,
  type Ending,
  type RecordChange,
  type InsertResult,
  type RevokeTarget,
  type SessionRecord,
  type SweepResult,
  type UpdateResult,
} from '@holdfast/core/store'

/**
 * What goes between the main thread and the writer. Everything is a string, packed flat: cloning a string between
 * threads is a copy of its bytes, where an object costs a lookup for each of its keys.
 */

/** Two strings for each operation: what it is, and its argument. */
export type Packed = readonly string[]

/** To the writer: run these operations in one transaction. */
export interface GroupMessage {
  readonly group: number
  readonly operations: Packed
}

/** From the writer: it is ready, or it cannot start, or a group is done (one answer per operation, in order). */
export type WriterMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly answer: Answer }
  | { readonly kind: 'done'; readonly answers: PackedAnswers }

export type Operation =
  | { readonly kind: 'insert'; readonly record: SessionRecord; readonly admission: Admission }
  | { readonly kind: 'update'; readonly id: string; readonly change: RecordChange }
  | { readonly kind: 'revoke'; readonly target: RevokeTarget; readonly ending: Ending }
  | { readonly kind: 'sweep'; readonly now: number; readonly limit: number }

export type Outcome = InsertResult | UpdateResult | SweepResult | number | null

export function packInsert(record: SessionRecord, admission: Admission): [string, string] {
  return [`i${JSON.stringify(admission)}`, packRecord(record)]
}

export function packUpdate(id: string, change: RecordChange): [string, string] {
  const set = change.set === undefined ? undefined : [...change.set]
  return [`u${id}`, JSON.stringify(set === undefined ? change : { ...change, set })]
}

export function packRevoke(target: RevokeTarget, ending: Ending): [string, string] {
  return [`r${JSON.stringify(target)}`, JSON.stringify(ending)]
}

export function packSweep(now: number, limit: number): [string, string] {
  return [`s${now}`, String(limit)]
}

export function unpackOperation(head: string, argument: string): Operation {
  const rest = head.slice(1)
  switch (head[0]) {
    case 'i':
      return { kind: 'insert', record: unpackRecord(argument), admission: JSON.parse(rest) }
    case 'u':
      return { kind: 'update', id: rest, change: unpackChange(argument) }
    case 'r':
      return { kind: 'revoke', target: JSON.parse(rest), ending: JSON.parse(argument) }
    default:
      return { kind: 'sweep', now: Number(rest), limit: Number(argument) }
  }
}

function unpackChange(text: string): RecordChange {
  const change: RecordChange & { set?: Iterable<readonly [string, string]> } = JSON.parse(text)
  return change.set === undefined ? change : { ...change, set: new Map(change.set) }
}

/** One byte a character; the record's id stands in it at a fixed place. */
function packRecord(record: SessionRecord): string {
  const bytes = encodeRecord(record)
  return record.id + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function unpackRecord(text: string): SessionRecord {
  return decodeRecord(Buffer.from(text.slice(ID_LENGTH), 'latin1'), text.slice(0, ID_LENGTH))
}

const ID_LENGTH = 22

const VALUE = 'v'
const ERROR = 'e'
/** An outcome with a record, which travels as bytes; {@link UPDATED} is by far the most frequent, and says it all. */
const RECORD = 'r'
const UPDATED = 'u'

/** What one operation came to: a few characters, and the record if there is one. */
export interface Answer {
  readonly head: string
  readonly record: Uint8Array | null
}

export function packAnswer(value: Outcome): Answer {
  if (typeof value !== 'object' || value === null || !('record' in value))
    return { head: VALUE + JSON.stringify(value), record: null }
  const { record, ...rest } = value
  const usual = rest.status === 'updated' && rest.evicted.length === 0
  return { head: usual ? UPDATED : RECORD + JSON.stringify(rest), record: encodeRecord(record) }
}

export function packError(error: unknown): Answer {
  const { code, message, retryable } =
    error instanceof SessionError
      ? error
      : new SessionError('ERR_SESSION_STORE_UNAVAILABLE', String(error), { retryable: true })
  return { head: ERROR + JSON.stringify({ code, message, retryable }), record: null }
}

/** A group's answers for the way back: all records in one piece, for one allocation instead of many. */
export interface PackedAnswers {
  readonly heads: readonly string[]
  /** Bytes of each answer's record; 0 for none. */
  readonly lengths: readonly number[]
  readonly records: Uint8Array
}

export function packAnswers(answers: readonly Answer[]): PackedAnswers {
  return {
    heads: answers.map(({ head }) => head),
    lengths: answers.map(({ record }) => record?.length ?? 0),
    records: Buffer.concat(answers.flatMap(({ record }) => record ?? [])),
  }
}

/** Where each answer's record lies in the bytes of its group. */
export function unpackAnswers({ heads, lengths, records }: PackedAnswers): Answer[] {
  let end = 0
  return heads.map((head, at) => {
    const length = lengths[at] ?? 0
    end += length
    return { head, record: length === 0 ? null : records.subarray(end - length, end) }
  })
}

/** The failure, if that is what the operation came to. */
export function errorOf({ head }: Answer): SessionError | null {
  if (!head.startsWith(ERROR)) return null
  const error: { code: SessionErrorCode; message: string; retryable: boolean } = JSON.parse(
    head.slice(1),
  )
  return new SessionError(error.code, error.message, { retryable: error.retryable })
}

export function unpackInsert({ head }: Answer): InsertResult {
  return JSON.parse(head.slice(1))
}

export function unpackRevoke({ head }: Answer): number | null {
  return JSON.parse(head.slice(1))
}

export function unpackSweep({ head }: Answer): SweepResult {
  return JSON.parse(head.slice(1))
}

/** The outcome of an update of session `id`. */
export function unpackUpdate({ head, record }: Answer, id: string): UpdateResult {
  if (record === null) return JSON.parse(head.slice(1))
  const decoded = decodeRecord(record, id)
  if (head === UPDATED) return { status: 'updated', record: decoded, evicted: [] }
  return { ...JSON.parse(head.slice(1)), record: decoded }
}
