import type { Operation } from '../history.js'
import { type Expectations, isForgotten, lag, type Model, type Violation } from './model.js'

/** Milliseconds after a rotation for which another process may still present the old token. */
const STRAGGLERS = 5000

/** The revocations that were meant for this session, however they ended. */
function endingsOf(model: Model, session: string): readonly Operation[] {
  const own = (model.bySession.get(session) ?? []).filter(({ name }) => name === 'revoke')
  const signIn = model.signIns.get(session)
  const all = model.revokeAlls.get(signIn?.subject ?? '') ?? []
  return [...own, ...all].toSorted((one, other) => one.end - other.end)
}

/** Of one session: revoked and yet accepted, signed in and yet rejected. */
export function checkLife(model: Model, session: string, expected: Expectations): Violation[] {
  const operations = model.bySession.get(session) ?? []
  const endings = endingsOf(model, session)
  const found: Violation[] = []
  for (const operation of operations) {
    if (operation.status === 'active')
      found.push(...acceptedThough(model, operation, endings, operations, expected))
    if (operation.status === 'rejected' || operation.status === 'none')
      found.push(...rejectedThough(model, operation, endings, operations, expected))
  }
  return found
}

function acceptedThough(
  model: Model,
  { worker, start, session = '' }: Operation,
  endings: readonly Operation[],
  operations: readonly Operation[],
  { steady }: Expectations,
): Violation[] {
  const signIn = model.signIns.get(session)
  const ending = endings.find(
    (each) =>
      each.outcome === 'ok' &&
      each.end + lag(each.worker, worker) < start &&
      (each.name === 'revoke' || (signIn?.opened ?? Infinity) < each.start),
  )
  if (ending !== undefined) {
    const text = `${session}: worker ${worker} accepted it ${ms(start - ending.end)} after ${ending.name} of worker ${ending.worker} was acknowledged`
    const promise = ending.worker === worker ? 'P2' : 'P5'
    return [{ promise, kind: 'revoked session accepted', text, at: start }]
  }
  const seen = operations.find(
    (each) => each.reason === 'revoked' && each.end + lag(each.worker, worker) < start,
  )
  if (seen === undefined || !steady) return []
  const text = `${session}: worker ${worker} accepted it ${ms(start - seen.end)} after worker ${seen.worker} had found it revoked`
  return [{ promise: 'P2', kind: 'ended session came back', text, at: start }]
}

function rejectedThough(
  model: Model,
  operation: Operation,
  endings: readonly Operation[],
  operations: readonly Operation[],
  { durable }: Expectations,
): Violation[] {
  const { session = '', end, status, reason } = operation
  const signIn = model.signIns.get(session)
  if (!durable || signIn === undefined || signIn.outcome !== 'ok') return []
  if (isForgotten(model, signIn.start, end)) return []
  // It may have been revoked, by whoever, whether or not that was acknowledged.
  if (endings.some(({ start, outcome }) => outcome !== 'no' && start < end)) return []
  if (model.clocksJumped && ENDS_OF_TIME.has(reason)) return []
  if (isStraggler(operation, operations)) return []
  const text = `${session}: worker ${operation.worker} found it ${status} (${reason ?? 'by request'}), ${ms(end - signIn.end)} after its sign-in`
  return [{ promise: 'P4', kind: 'acknowledged sign-in lost', text, at: end }]
}

/** A clock that is an hour ahead finds every session idle for too long, and sweeps it away: it ends, for everybody. */
const ENDS_OF_TIME = new Set([undefined, 'idle_expired', 'absolute_expired', 'unknown'])

/** A token that a rotation had replaced, or may have replaced, when it was presented. */
function isStraggler({ start, end }: Operation, operations: readonly Operation[]): boolean {
  return operations.some(
    (each) =>
      each.name === 'rotate' &&
      each.start < end &&
      (each.outcome === 'unknown' || each.end + STRAGGLERS > start),
  )
}

/** An answer about another session, or another's. */
export function checkOwners(model: Model, session: string): Violation[] {
  return (model.bySession.get(session) ?? []).flatMap((each) => {
    if (each.status !== 'active' || each.name === 'rotate') return []
    const { seenSession, seenSubject, subject, start, worker } = each
    if (seenSession === session && seenSubject === subject) return []
    const text = `${session} of ${subject}: worker ${worker} got ${seenSession} of ${seenSubject}`
    return [{ promise: 'own', kind: "another's session", text, at: start } as const]
  })
}

/** The absolute end never moves, whoever asks and whatever their clocks say. */
export function checkAbsolute(model: Model, session: string): Violation[] {
  let least = Infinity
  const found: Violation[] = []
  for (const { absoluteDeadline, start } of model.bySession.get(session) ?? []) {
    if (absoluteDeadline === undefined) continue
    if (absoluteDeadline > least) {
      const text = `${session}: its absolute end moved by ${ms(absoluteDeadline - least)}`
      found.push({ promise: 'P8', kind: 'absolute end moved', text, at: start })
    }
    least = Math.min(least, absoluteDeadline)
  }
  return found
}

export function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`
}
