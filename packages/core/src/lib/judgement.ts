import { constantTimeEqual } from './mac.js'
import type { Policy } from './policy.js'
import type { SessionRecord } from './record.js'
import { minutes, seconds } from './time.js'

/** A sign-in kills the old token at once; a copy of it seen this soon after is taken for a straggler, not for a theft. */
const STRAGGLER_WINDOW = seconds(10)

/** A session from further in the future than this was made by a wrong clock, and would outlive its absolute timeout. */
const CLOCK_TOLERANCE = minutes(5)

/**
 * What a record says of a token with a right tag:
 * - `current`: the present token. `previous`: the one before, still good, to be answered with its successor.
 * - `superseded`: replaced, and dead. `reuse`: replaced, dead, and so late that somebody kept a copy.
 */
export type Judgement =
  | 'current'
  | 'previous'
  | 'superseded'
  | 'reuse'
  | 'wrong_verifier'
  | 'revoked'
  | 'idle_expired'
  | 'absolute_expired'

/** Judges the hash of a presented verifier against its record. Pure; compares in constant time. */
export function judge(
  record: SessionRecord,
  verifierHash: string,
  now: number,
  policy: Policy,
): Judgement {
  const end = judgeLife(record, now)
  if (end !== 'current') return end
  if (constantTimeEqual(verifierHash, record.verifierHash)) return 'current'
  return judgeOld(record, verifierHash, now, policy)
}

/** Judges a record by itself: what it says of its present token. */
export function judgeLife(
  record: SessionRecord,
  now: number,
): 'current' | 'revoked' | 'idle_expired' | 'absolute_expired' {
  if (record.revokedAt !== null) return 'revoked'
  if (!(now < record.absoluteDeadline) || isFromTheFuture(record, now)) return 'absolute_expired'
  return now < record.idleDeadline ? 'current' : 'idle_expired'
}

/** A clock that was ahead and is set right must not lengthen a life (promise P8). */
function isFromTheFuture(record: SessionRecord, now: number): boolean {
  const latest = now + CLOCK_TOLERANCE
  return record.createdAt > latest || (record.authenticatedAt ?? 0) > latest
}

function judgeOld(
  record: SessionRecord,
  verifierHash: string,
  now: number,
  policy: Policy,
): Judgement {
  const { previous } = record
  // Never rotated, and yet another verifier: the store has gone back to an older state.
  if (previous === null) return 'wrong_verifier'
  const since = previous.supersededAt
  if (previous.sealed === null)
    return since !== null && now <= since + STRAGGLER_WINDOW ? 'superseded' : 'reuse'
  if (!constantTimeEqual(verifierHash, previous.verifierHash)) return 'reuse'
  if (since === null) return 'previous'
  if (now > since + policy.rotationGrace || policy.rotationGrace === 0) return 'reuse'
  // Superseded in the future: the clock was set back, and the grace must not last as long as that.
  return now >= since - policy.rotationGrace ? 'previous' : 'superseded'
}
