import { createHash, randomBytes } from 'node:crypto'
import type { Admission, SessionRecord } from '@holdfast/core/store'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
export const HOUR = 3_600_000

export const ANY: Omit<Admission, 'now'> = { limit: null }

export function newId(): string {
  return [...randomBytes(22)].map((byte) => BASE62[byte % 62]).join('')
}

/** A session of `user` that lasts an hour. */
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
