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
  if (record.revokedAt !== null) return 'revoked'
  if (now >= record.absoluteDeadline || isFromTheFuture(record, now)) return 'absolute_expired'
  if (now >= record.idleDeadline) return 'idle_expired'
  if (constantTimeEqual(verifierHash, record.verifierHash)) return 'current'
  return judgeOld(record, verifierHash, now, policy)
}

/** A clock that was ahead and is set right must not lengthen a life (promise P8). */
function isFromTheFuture(record: SessionRecord, now: number): boolean {
  return Math.max(record.createdAt, record.authenticatedAt ?? 0) > now + CLOCK_TOLERANCE
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
  const good = since === null || (policy.rotationGrace > 0 && now <= since + policy.rotationGrace)
  return good ? 'previous' : 'reuse'
}
