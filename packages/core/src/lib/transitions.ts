import type { Admission, AuthenticateChange, Ending, RecordChange, SubjectLimit } from './store.js'
import { dataBytes, isLive, type SessionRecord } from './record.js'

/**
 * The rules of a record's life as pure functions. A store that can run JavaScript inside its transaction calls these;
 * one that cannot (a Lua script, a SQL statement) says the same in its own language, and the conformance suite compares.
 */

export type ChangeOutcome =
  | { readonly status: 'updated'; readonly record: SessionRecord }
  | { readonly status: 'conflict' }
  | { readonly status: 'ended' }
  | { readonly status: 'too_large'; readonly bytes: number }

/** The record after `change`, or why the change does not apply. */
export function applyChange(record: SessionRecord, change: RecordChange): ChangeOutcome {
  if (!isLive(record, change.now)) return { status: 'ended' }
  if (change.ifGeneration !== undefined && change.ifGeneration !== record.generation)
    return { status: 'ended' }
  if (change.ifVersion !== undefined && change.ifVersion !== record.version)
    return { status: 'conflict' }
  const data = changedData(record.data, change)
  if (data !== record.data && change.maxDataBytes !== undefined) {
    const bytes = dataBytes(data)
    if (bytes > change.maxDataBytes) return { status: 'too_large', bytes }
  }
  let next: SessionRecord = { ...record, version: record.version + 1, data }
  next = touched(next, change)
  next = settled(next, change)
  next = rotated(next, change)
  next = replaced(next, change)
  if (change.authenticate !== undefined) {
    if (next.subject !== null && next.subject !== change.authenticate.subject)
      return { status: 'ended' }
    next = authenticated(next, change.authenticate)
  }
  return { status: 'updated', record: next }
}

function changedData(
  data: ReadonlyMap<string, string>,
  change: RecordChange,
): ReadonlyMap<string, string> {
  if (change.set === undefined && change.unset === undefined && change.clear !== true) return data
  const next = new Map(change.clear === true ? [] : data)
  for (const key of change.unset ?? []) next.delete(key)
  for (const [key, text] of change.set ?? []) next.set(key, text)
  return next
}

function touched(record: SessionRecord, { touch }: RecordChange): SessionRecord {
  if (touch === undefined) return record
  return {
    ...record,
    lastSeenAt: Math.max(record.lastSeenAt, touch.lastSeenAt),
    idleDeadline: laterIdle(record, touch.idleDeadline),
  }
}

function laterIdle(record: SessionRecord, idleDeadline: number): number {
  return Math.max(record.idleDeadline, Math.min(idleDeadline, record.absoluteDeadline))
}

function settled(record: SessionRecord, { settle }: RecordChange): SessionRecord {
  if (settle === undefined || settle.verifierHash !== record.verifierHash) return record
  if (record.previous === null || record.previous.supersededAt !== null) return record
  return { ...record, previous: { ...record.previous, supersededAt: settle.at } }
}

function rotated(record: SessionRecord, { rotate }: RecordChange): SessionRecord {
  if (rotate === undefined || rotate.ifVerifierHash !== record.verifierHash) return record
  return {
    ...record,
    verifierHash: rotate.verifierHash,
    rotatedAt: rotate.at,
    previous: { verifierHash: record.verifierHash, sealed: rotate.sealed, supersededAt: null },
  }
}

function replaced(record: SessionRecord, { replace }: RecordChange): SessionRecord {
  if (replace === undefined) return record
  return {
    ...record,
    generation: record.generation + 1,
    verifierHash: replace.verifierHash,
    rotatedAt: replace.at,
    previous: { verifierHash: record.verifierHash, sealed: null, supersededAt: replace.at },
  }
}

function authenticated(record: SessionRecord, change: AuthenticateChange): SessionRecord {
  const absoluteDeadline =
    record.subject === null ? change.absoluteDeadline : record.absoluteDeadline
  return {
    ...record,
    subject: change.subject,
    authenticatedAt: change.at,
    methods: change.methods,
    persistent: change.persistent,
    lastSeenAt: Math.max(record.lastSeenAt, change.at),
    absoluteDeadline,
    idleDeadline: Math.min(Math.max(record.idleDeadline, change.idleDeadline), absoluteDeadline),
  }
}

/** The record as a tombstone; the same record if it had ended already. */
export function ended(record: SessionRecord, ending: Ending): SessionRecord {
  if (record.revokedAt !== null) return record
  return { ...record, version: record.version + 1, revokedAt: ending.at, reason: ending.reason }
}

export type AdmissionOutcome =
  | { readonly admitted: true; readonly evict: readonly SessionRecord[] }
  | { readonly admitted: false }

/** Whether one more live session of the same subject fits, and which ones must go for it. `live` leaves out `id` itself. */
export function admit(live: readonly SessionRecord[], limit: SubjectLimit): AdmissionOutcome {
  const excess = live.length + 1 - limit.max
  if (excess <= 0) return { admitted: true, evict: [] }
  if (limit.onLimit === 'reject') return { admitted: false }
  const age = (record: SessionRecord): number =>
    limit.onLimit === 'evict-idle' ? record.lastSeenAt : record.createdAt
  const byAge = live.toSorted((a, b) => age(a) - age(b) || (a.id < b.id ? -1 : 1))
  return { admitted: true, evict: byAge.slice(0, excess) }
}

/** The reason that sessions carry which made room for a newer one. */
export const EVICTED = 'evicted'

/** How the eviction of a session reads as an ending. */
export function eviction(admission: Pick<Admission, 'now'>): Ending {
  return { at: admission.now, reason: EVICTED }
}
