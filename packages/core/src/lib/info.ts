import { type ClientDescription, expiresAt, type SessionRecord } from './record.js'

/** A session as lists and support pages show it: nothing in it can be replayed. Instants are epoch milliseconds. */
export interface SessionInfo {
  readonly id: string
  readonly subject: string | null
  readonly createdAt: number
  readonly authenticatedAt: number | null
  readonly methods: readonly string[]
  readonly lastSeenAt: number
  /** When it ends if nothing happens until then. */
  readonly expiresAt: number
  readonly absoluteDeadline: number
  readonly persistent: boolean
  readonly client: ClientDescription | null
  /** When it was ended by decision, and why; null while it was not. */
  readonly revokedAt: number | null
  readonly reason: string | null
}

/** The public part of a record. */
export function toInfo(record: SessionRecord): SessionInfo {
  return {
    id: record.id,
    subject: record.subject,
    createdAt: record.createdAt,
    authenticatedAt: record.authenticatedAt,
    methods: record.methods,
    lastSeenAt: record.lastSeenAt,
    expiresAt: expiresAt(record),
    absoluteDeadline: record.absoluteDeadline,
    persistent: record.persistent,
    client: record.client,
    revokedAt: record.revokedAt,
    reason: record.reason,
  }
}
