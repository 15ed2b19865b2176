import { SessionError } from './errors.js'
import { isSessionId } from './token.js'
import { isLive, purgeAt, type SessionRecord } from './record.js'
import type {
  Admission,
  Ending,
  InsertResult,
  ListPage,
  ListResult,
  RecordChange,
  RevokeTarget,
  SubjectLimit,
  SweepResult,
  UpdateResult,
} from './store.js'
import { admit, applyChange, ended, eviction } from './transitions.js'

/** The two counters that outlive every record. */
export interface Epochs {
  /** Grows with each revocation of a subject or of everyone. */
  readonly current: number
  /** Sessions with an epoch below this ended with everyone. */
  readonly everyone: number
  /** When everyone was ended; meaningful where `everyone` is above 0. */
  readonly everyoneAt: number
  readonly everyoneReason: string
  /** Barriers at or below this may have been forgotten: older sign-ins are refused whoever they are for. */
  readonly floor: number
}

export const NO_EPOCHS: Epochs = {
  current: 0,
  everyone: 0,
  everyoneAt: 0,
  everyoneReason: '',
  floor: 0,
}

/** A revocation of a whole subject: sign-ins that began at a lower epoch are refused. */
export interface Barrier {
  readonly epoch: number
  readonly at: number
}

/**
 * What an engine with synchronous transactions offers to {@link insertRecord} and its kin: plain reads and writes, all
 * inside one transaction that either happens whole or not at all.
 */
export interface StoreTransaction {
  get(id: string): SessionRecord | null
  /** Writes a record and its place in the subject index. `before` is what {@link StoreTransaction.get} gave, null if new. */
  put(record: SessionRecord, before: SessionRecord | null): void
  remove(record: SessionRecord): void
  /** Ids that may be of this subject, in order, after `after`. */
  idsOf(subject: string, after: string): Iterable<string>
  epochs(): Epochs
  setEpochs(epochs: Epochs): void
  barrier(subject: string): Barrier | null
  setBarrier(subject: string, barrier: Barrier): void
  /** Ids to look at again at `at`; an id may stand at several instants. */
  schedule(id: string, at: number): void
  /** Takes at most `limit` ids whose instant has come off the schedule. */
  takeDue(now: number, limit: number): readonly string[]
  /** Forgets at most `limit` barriers from before `before` and gives the highest epoch among them, 0 if none. */
  takeBarriers(before: number, limit: number): number
}

/** How long a barrier is kept; a sign-in that began earlier than that is refused by the floor. */
const BARRIER_LIFE = 24 * 3_600_000

export function insertRecord(
  tx: StoreTransaction,
  record: SessionRecord,
  admission: Admission,
): InsertResult {
  const epochs = tx.epochs()
  if (record.epoch < epochs.everyone) return { status: 'ended' }
  if (tx.get(record.id) !== null) return { status: 'exists' }
  let evicted: readonly string[] = []
  if (record.subject !== null) {
    if (isBarred(tx, record.subject, record.epoch)) return { status: 'ended' }
    const outcome = makeRoom(tx, record.subject, record.id, admission.limit, admission.now)
    if (outcome === null) return { status: 'limit' }
    evicted = outcome
  }
  tx.put(record, null)
  tx.schedule(record.id, purgeAt(record))
  return { status: 'inserted', evicted }
}

/** The record as it stands, with a revocation of everyone applied. */
export function findRecord(
  tx: Pick<StoreTransaction, 'get' | 'epochs'>,
  id: string,
): SessionRecord | null {
  const record = tx.get(id)
  return record === null ? null : withEveryone(record, tx.epochs())
}

/** Shows a session that ended with everyone as ended. */
function withEveryone(record: SessionRecord, epochs: Epochs): SessionRecord {
  if (record.epoch >= epochs.everyone || record.revokedAt !== null) return record
  return ended(record, { at: epochs.everyoneAt, reason: epochs.everyoneReason })
}

export function updateRecord(tx: StoreTransaction, id: string, change: RecordChange): UpdateResult {
  const record = findRecord(tx, id)
  if (record === null) return { status: 'missing' }
  const outcome = applyChange(record, change)
  if (outcome.status === 'conflict' || outcome.status === 'ended')
    return { status: outcome.status, record }
  if (outcome.status === 'too_large') return outcome
  const evicted = bindSubject(tx, record, change)
  if (evicted === 'ended') return { status: 'ended', record }
  if (evicted === 'limit') return { status: 'limit' }
  tx.put(outcome.record, record)
  // A later deadline needs no new place: the sweep finds the record at the old one and moves it on.
  if (purgeAt(outcome.record) < purgeAt(record)) tx.schedule(id, purgeAt(outcome.record))
  return { status: 'updated', record: outcome.record, evicted }
}

function bindSubject(
  tx: StoreTransaction,
  record: SessionRecord,
  { authenticate, now }: RecordChange,
): readonly string[] | 'ended' | 'limit' {
  if (authenticate === undefined || record.subject !== null) return []
  if (isBarred(tx, authenticate.subject, authenticate.epoch)) return 'ended'
  return makeRoom(tx, authenticate.subject, record.id, authenticate.limit, now) ?? 'limit'
}

function isBarred(tx: StoreTransaction, subject: string, epoch: number): boolean {
  const { everyone, floor } = tx.epochs()
  return epoch < everyone || epoch < floor || epoch < (tx.barrier(subject)?.epoch ?? 0)
}

/** Ends what must go for one more session of `subject`; null if the limit refuses it. */
function makeRoom(
  tx: StoreTransaction,
  subject: string,
  id: string,
  limit: SubjectLimit | null,
  now: number,
): readonly string[] | null {
  if (limit === null) return []
  const live = [...recordsOf(tx, subject, '')].filter(
    (record) => record.id !== id && isLive(record, now),
  )
  const outcome = admit(live, limit)
  if (!outcome.admitted) return null
  for (const record of outcome.evict) tx.put(ended(record, eviction({ now })), record)
  return outcome.evict.map((record) => record.id)
}

/** The subject's records; an index entry without a record of that subject is passed over. */
function* recordsOf(tx: StoreTransaction, subject: string, after: string): Iterable<SessionRecord> {
  for (const id of tx.idsOf(subject, after)) {
    const record = readable(tx, id)
    if (record !== null && record.subject === subject) yield record
  }
}

/** The record; null where it is damaged, and so good for nobody: it must not keep others from being ended. */
function readable(tx: StoreTransaction, id: string): SessionRecord | null {
  try {
    return findRecord(tx, id)
  } catch (error) {
    if (error instanceof SessionError && error.code === 'ERR_SESSION_STORE_CORRUPT') return null
    throw error
  }
}

export function revokeRecords(
  tx: StoreTransaction,
  target: RevokeTarget,
  ending: Ending,
): number | null {
  switch (target.kind) {
    case 'session':
      return endOne(tx, findRecord(tx, target.id), ending)
    case 'subject':
      return revokeSubject(tx, target.subject, target.except, ending)
    case 'everyone':
      return revokeEveryone(tx, ending)
  }
}

function endOne(tx: StoreTransaction, record: SessionRecord | null, ending: Ending): number {
  if (record === null || record.revokedAt !== null) return 0
  // An expired one too: a clock that is set back must not bring it to life.
  tx.put(ended(record, ending), record)
  return isLive(record, ending.at) ? 1 : 0
}

function revokeSubject(
  tx: StoreTransaction,
  subject: string,
  except: string | undefined,
  ending: Ending,
): number {
  const epoch = advance(tx, {})
  tx.setBarrier(subject, { epoch, at: ending.at })
  let count = 0
  // Collected first: an engine's cursor need not survive the writes.
  const records = Array.from(recordsOf(tx, subject, ''))
  for (const record of records) {
    if (record.id !== except) count += endOne(tx, record, ending)
  }
  return count
}

/** Costs the same however many sessions there are: they end by comparison, not one by one, so they are not counted. */
function revokeEveryone(tx: StoreTransaction, ending: Ending): null {
  const everyone = tx.epochs().current + 1
  advance(tx, { everyone, everyoneAt: ending.at, everyoneReason: ending.reason })
  return null
}

function advance(tx: StoreTransaction, more: Partial<Epochs>): number {
  const epochs = tx.epochs()
  const current = epochs.current + 1
  tx.setEpochs({ ...epochs, ...more, current })
  return current
}

export function listRecords(
  tx: Pick<StoreTransaction, 'get' | 'epochs' | 'idsOf'>,
  subject: string,
  page: ListPage,
): ListResult {
  const records: SessionRecord[] = []
  for (const id of tx.idsOf(subject, page.after ?? '')) {
    const record = findRecord(tx, id)
    if (record === null || record.subject !== subject) continue
    if (page.includeEnded !== true && !isLive(record, page.now)) continue
    if (records.length === page.limit) return { records, next: records.at(-1)?.id ?? null }
    records.push(record)
  }
  return { records, next: null }
}

/** Deletes what is past its time among at most `limit` due ids, and moves on those whose deadline has moved. */
export function sweepRecords(tx: StoreTransaction, now: number, limit: number): SweepResult {
  const due = tx.takeDue(now, limit)
  let deleted = 0
  for (const id of due) {
    const record = isSessionId(id) ? readable(tx, id) : null
    if (record === null) continue
    if (purgeAt(record) <= now) {
      tx.remove(record)
      deleted += 1
    } else {
      tx.schedule(id, purgeAt(record))
    }
  }
  forgetBarriers(tx, now, limit)
  return { deleted, more: due.length === limit }
}

function forgetBarriers(tx: StoreTransaction, now: number, limit: number): void {
  const forgotten = tx.takeBarriers(now - BARRIER_LIFE, limit)
  const epochs = tx.epochs()
  if (forgotten > epochs.floor) tx.setEpochs({ ...epochs, floor: forgotten })
}
