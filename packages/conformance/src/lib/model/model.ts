import type {
  Admission,
  Ending,
  ListPage,
  RecordChange,
  RevokeTarget,
  SessionRecord,
  SubjectLimit,
} from '@holdfast/core/store'

/** What the model keeps of a session: the record, and the endings that it may show (none while it was not ended). */
export interface Known {
  record: SessionRecord
  endings: readonly Ending[]
}

/** What a call may answer. Without refusals it must succeed and evict exactly these. */
export interface Verdict {
  readonly refusals: readonly string[]
  readonly evicted: readonly string[]
  /** Bytes of a `too_large`. */
  readonly bytes: number
}

const DAY = 24 * 3_600_000

/**
 * The contract of a store, said a second time and as plainly as can be: one map, no index, no schedule, no encoding.
 * `judge…` says what the answer must be, the method without it makes the change.
 */
export class Model {
  readonly sessions: Map<string, Known> = new Map()
  /** Logical time: how many subjects, or everyones, have been revoked. */
  revocations = 0
  everyone = 0
  sweptAt = 0
  readonly barriers: { readonly subject: string; readonly epoch: number; readonly at: number }[] =
    []

  isLive(known: Known, now: number): boolean {
    const { idleDeadline, absoluteDeadline } = known.record
    return known.endings.length === 0 && now < idleDeadline && now < absoluteDeadline
  }

  liveOf(subject: string, now: number): Known[] {
    return [...this.sessions.values()].filter(
      (known) => known.record.subject === subject && this.isLive(known, now),
    )
  }

  /** Whether a sign-in of that age must be refused. */
  isBarred(subject: string, epoch: number): boolean {
    if (epoch < this.everyone) return true
    return this.barriers.some((each) => each.subject === subject && epoch < each.epoch)
  }

  /** Whether it may be refused: barriers of more than a day may be kept as one for all. */
  mayBeBarred(epoch: number): boolean {
    return this.barriers.some((each) => each.at < this.sweptAt - DAY && epoch < each.epoch)
  }

  judgeInsert(record: SessionRecord, epoch: number, { now, limit }: Admission): Verdict {
    const refusals: string[] = []
    if (this.sessions.has(record.id)) refusals.push('exists')
    if (epoch < this.everyone) refusals.push('ended')
    if (record.subject === null) return { refusals, evicted: [], bytes: 0 }
    if (this.isBarred(record.subject, epoch)) refusals.push('ended')
    const evicted = this.evictions(record.subject, record.id, limit, now)
    if (evicted === null) refusals.push('limit')
    return { refusals, evicted: evicted ?? [], bytes: 0 }
  }

  insert(record: SessionRecord, verdict: Verdict, now: number): void {
    for (const id of verdict.evicted) this.end(id, { at: now, reason: 'evicted' })
    this.sessions.set(record.id, { record, endings: [] })
  }

  /** Who must go for one more session; null if none may come. */
  evictions(
    subject: string,
    id: string,
    limit: SubjectLimit | null,
    now: number,
  ): readonly string[] | null {
    if (limit === null) return []
    const others = this.liveOf(subject, now).filter((known) => known.record.id !== id)
    if (others.length < limit.max) return []
    if (limit.onLimit === 'reject') return null
    const instant = limit.onLimit === 'evict-oldest' ? 'createdAt' : 'lastSeenAt'
    const order = others
      .map(({ record }) => record)
      .toSorted((a, b) => a[instant] - b[instant] || (a.id < b.id ? -1 : 1))
    return order.slice(0, others.length - limit.max + 1).map((record) => record.id)
  }

  judgeUpdate(id: string, change: RecordChange, epoch: number): Verdict {
    const known = this.sessions.get(id)
    if (known === undefined) return { refusals: ['missing'], evicted: [], bytes: 0 }
    if (!this.isLive(known, change.now)) return { refusals: ['ended'], evicted: [], bytes: 0 }
    const { record } = known
    const refusals: string[] = []
    let evicted: readonly string[] | null = []
    const { ifGeneration, ifVersion, authenticate, maxDataBytes } = change
    if (ifGeneration !== undefined && ifGeneration !== record.generation) refusals.push('ended')
    if (ifVersion !== undefined && ifVersion !== record.version) refusals.push('conflict')
    const bytes = bytesOf(dataAfter(record, change))
    if (writesData(change) && maxDataBytes !== undefined && bytes > maxDataBytes)
      refusals.push('too_large')
    if (authenticate !== undefined && record.subject === null) {
      if (this.isBarred(authenticate.subject, epoch)) refusals.push('ended')
      evicted = this.evictions(authenticate.subject, id, authenticate.limit, change.now)
      if (evicted === null) refusals.push('limit')
    } else if (authenticate !== undefined && record.subject !== authenticate.subject) {
      refusals.push('ended')
    }
    return { refusals, evicted: evicted ?? [], bytes }
  }

  update(id: string, change: RecordChange, verdict: Verdict): void {
    const known = this.sessions.get(id)
    if (known === undefined) return
    for (const each of verdict.evicted) this.end(each, { at: change.now, reason: 'evicted' })
    known.record = recordAfter(known.record, change)
  }

  revoke(target: RevokeTarget, ending: Ending): number | null {
    if (target.kind === 'session') return this.end(target.id, ending)
    this.revocations += 1
    if (target.kind === 'everyone') {
      this.everyone = this.revocations
      for (const known of this.sessions.values()) {
        // Which of several revocations of everyone a tombstone names is left open.
        if (known.endings.length === 0 || known.endings[0]?.reason === 'everyone')
          known.endings = [...known.endings, ending]
      }
      return null
    }
    this.barriers.push({ subject: target.subject, epoch: this.revocations, at: ending.at })
    let count = 0
    for (const { record } of this.sessions.values()) {
      if (record.subject === target.subject && record.id !== target.except)
        count += this.end(record.id, ending)
    }
    return count
  }

  end(id: string, ending: Ending): number {
    const known = this.sessions.get(id)
    if (known === undefined || known.endings.length > 0) return 0
    const counts = this.isLive(known, ending.at) ? 1 : 0
    known.endings = [ending]
    return counts
  }

  list(subject: string, page: ListPage): { readonly ids: string[]; readonly next: string | null } {
    const ids = [...this.sessions.values()]
      .filter((known) => known.record.subject === subject)
      .filter((known) => page.includeEnded === true || this.isLive(known, page.now))
      .map((known) => known.record.id)
      .filter((id) => id > (page.after ?? ''))
      .toSorted()
    const shown = ids.slice(0, page.limit)
    return { ids: shown, next: ids.length > page.limit ? (shown.at(-1) ?? null) : null }
  }

  /** Ids that a sweep at `now` may delete. */
  dueAt(now: number): string[] {
    return [...this.sessions.values()]
      .filter(({ record, endings }) => {
        const { idleDeadline, absoluteDeadline } = record
        if (endings.length > 0) return absoluteDeadline <= now
        return idleDeadline <= now || absoluteDeadline <= now
      })
      .map(({ record }) => record.id)
  }
}

function writesData({ set, unset, clear }: RecordChange): boolean {
  return set !== undefined || unset !== undefined || clear === true
}

function dataAfter(
  record: SessionRecord,
  { clear, unset, set }: RecordChange,
): Map<string, string> {
  const data = clear === true ? new Map<string, string>() : new Map(record.data)
  for (const key of unset ?? []) data.delete(key)
  for (const [key, text] of set ?? []) data.set(key, text)
  return data
}

function bytesOf(data: ReadonlyMap<string, string>): number {
  return Buffer.byteLength([...data].flat().join(''))
}

function recordAfter(before: SessionRecord, change: RecordChange): SessionRecord {
  const after = { ...before, version: before.version + 1, data: dataAfter(before, change) }
  const { touch, settle, rotate, replace, authenticate } = change
  if (touch !== undefined) {
    if (touch.lastSeenAt > after.lastSeenAt) after.lastSeenAt = touch.lastSeenAt
    const idleDeadline = Math.min(touch.idleDeadline, after.absoluteDeadline)
    if (idleDeadline > after.idleDeadline) after.idleDeadline = idleDeadline
  }
  const { previous } = after
  if (settle?.verifierHash === after.verifierHash && previous?.supersededAt === null)
    after.previous = { ...previous, supersededAt: settle.at }
  const old = after.verifierHash
  if (rotate?.ifVerifierHash === old) {
    after.previous = { verifierHash: old, sealed: rotate.sealed, supersededAt: null }
    after.verifierHash = rotate.verifierHash
    after.rotatedAt = rotate.at
  }
  if (replace !== undefined) {
    after.previous = {
      verifierHash: after.verifierHash,
      sealed: null,
      supersededAt: replace.at,
    }
    after.verifierHash = replace.verifierHash
    after.rotatedAt = replace.at
    after.generation += 1
  }
  if (authenticate === undefined) return after
  const { subject, at, methods, persistent } = authenticate
  const absoluteDeadline =
    after.subject === null ? authenticate.absoluteDeadline : after.absoluteDeadline
  const idleDeadline = Math.max(after.idleDeadline, authenticate.idleDeadline)
  return {
    ...after,
    subject,
    methods,
    persistent,
    authenticatedAt: at,
    lastSeenAt: Math.max(after.lastSeenAt, at),
    absoluteDeadline,
    idleDeadline: Math.min(idleDeadline, absoluteDeadline),
  }
}
