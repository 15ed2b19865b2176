import type { Policy } from './policy.js'
import type { SessionRecord } from './record.js'

/** Activity is recorded when this share of the idle timeout has passed since it last was. */
const TOUCH_GRAIN = 1 / 20

/** Whether activity at `now` is worth a write. */
export function touchDue(record: SessionRecord, policy: Policy, now: number): boolean {
  return now - record.lastSeenAt > policy.idleTimeout * TOUCH_GRAIN
}

/** Activity at `now`, as a change. */
export function touchAt(
  policy: Policy,
  now: number,
): { readonly lastSeenAt: number; readonly idleDeadline: number } {
  return { lastSeenAt: now, idleDeadline: now + policy.idleTimeout }
}

/** Whether the present token has been presented for the first time. */
export function settleDue({ previous }: SessionRecord): boolean {
  return previous !== null && previous.supersededAt === null
}

/**
 * Whether the present token is old enough to be renewed. Not while its predecessor is still good: a second renewal would make
 * a racer that still holds the predecessor look like a thief.
 */
export function renewalDue(record: SessionRecord, policy: Policy, now: number): boolean {
  if (now - record.rotatedAt < policy.renewalTimeout) return false
  const since = record.previous === null ? -Infinity : record.previous.supersededAt
  return since !== null && now > since + policy.rotationGrace
}
