import { createHash } from 'node:crypto'
import type { Admission, RecordChange, SessionRecord } from '@holdfast/core/store'

/** When the cases begin. The store never asks for the time: every call is told it. */
export const START: number = Date.UTC(2026, 0, 1)

export const MINUTE = 60_000
export const HOUR: number = 60 * MINUTE

/** A session id that begins with `name`. */
export function idOf(name: string): string {
  return name.padEnd(22, '0')
}

/** A hash such as a verifier's. */
export function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url')
}

/** A live anonymous session of {@link START}, one hour idle and one day in all, with `parts` of its own. */
export function aRecord(parts: Partial<SessionRecord> = {}): SessionRecord {
  const createdAt = parts.createdAt ?? START
  const subject = parts.subject ?? null
  const id = parts.id ?? idOf('a')
  return {
    id,
    verifierHash: hashOf(id),
    rotatedAt: createdAt,
    previous: null,
    version: 1,
    generation: 0,
    epoch: 0,
    subject,
    createdAt,
    authenticatedAt: subject === null ? null : createdAt,
    methods: [],
    lastSeenAt: createdAt,
    idleDeadline: createdAt + HOUR,
    absoluteDeadline: createdAt + 24 * HOUR,
    persistent: false,
    client: null,
    binding: null,
    data: new Map(),
    revokedAt: null,
    reason: null,
    ...parts,
  }
}

/** A record that has a value in every field. */
export function aFullRecord(id: string = idOf('full')): SessionRecord {
  return aRecord({
    id,
    rotatedAt: START + 5 * MINUTE,
    previous: {
      verifierHash: hashOf('previous'),
      sealed: 'c2VhbGVk',
      supersededAt: START + 6 * MINUTE,
    },
    version: 7,
    generation: 2,
    epoch: 0,
    subject: 'user-42',
    authenticatedAt: START + MINUTE,
    methods: ['pwd', 'otp'],
    lastSeenAt: START + 7 * MINUTE,
    persistent: true,
    client: { label: 'Firefox on Linux', address: '203.0.113.0/24', userAgent: 'Mozilla/5.0' },
    binding: hashOf('binding').slice(0, 22),
    data: new Map([
      ['app:cart', '["a","b"]'],
      ['app:visits', '3'],
    ]),
  })
}

export const ADMIT: Admission = { now: START, limit: null }

/** A change at {@link START} plus a minute. */
export function aChange(parts: Partial<RecordChange> = {}): RecordChange {
  return { now: START + MINUTE, ...parts }
}

/** A record in a form that compares by value, whatever kind of map the store gives. */
export function plain(record: SessionRecord | null): unknown {
  if (record === null) return null
  const data = [...record.data].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { ...record, methods: [...record.methods], data }
}
