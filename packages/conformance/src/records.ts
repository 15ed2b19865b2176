/** For a store's own tests: records as the engine makes them, on the real clock. */
import { createHash, randomBytes } from 'node:crypto'
import type { Admission, SessionRecord } from '@holdfast/core/store'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Milliseconds. */
export const HOUR = 3_600_000

/** Lets in as many sessions as come. */
export const ANY: Omit<Admission, 'now'> = { limit: null }

/** A random session id. */
export function newId(): string {
  return [...randomBytes(22)].map((byte) => BASE62[byte % 62]).join('')
}

/** A new session of `user`, idle for an hour at most and a day in all, with `more` of its own. */
export function newRecord(more: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now()
  return {
    id: newId(),
    verifierHash: createHash('sha256').update(randomBytes(32)).digest('base64url'),
    rotatedAt: now,
    previous: null,
    version: 1,
    generation: 0,
    epoch: 0,
    subject: 'user',
    createdAt: now,
    authenticatedAt: now,
    methods: ['pwd'],
    lastSeenAt: now,
    idleDeadline: now + HOUR,
    absoluteDeadline: now + 24 * HOUR,
    persistent: false,
    client: {
      label: 'Firefox on Linux',
      address: '192.0.2.7',
      userAgent: 'Mozilla/5.0'.repeat(10),
    },
    binding: null,
    data: new Map(),
    revokedAt: null,
    reason: null,
    ...more,
  }
}
