import type { History, Operation } from '../history.js'

/** What the store and the way it was troubled let one expect. */
export interface Expectations {
  /** What was acknowledged outlives every fault of this run. */
  readonly durable: boolean
  /** What was once seen, though not acknowledged, stays as well: so on one server, not across a failover. */
  readonly steady: boolean
}

/** A promise that was broken. */
export interface Violation {
  readonly promise: PromiseName
  readonly kind: ViolationKind
  readonly text: string
  readonly at: number
}

/** The promises of DESIGN §1 that are looked at. */
export type PromiseName = 'P2' | 'P3' | 'P4' | 'P5' | 'P6' | 'P8' | 'own' | 'crash'

export type ViolationKind =
  | 'revoked session accepted'
  | 'ended session came back'
  | 'acknowledged sign-in lost'
  | 'acknowledged write lost'
  | 'increment lost'
  | 'write applied twice'
  | 'value out of nowhere'
  | "another's session"
  | 'answered while down'
  | 'cookie cleared while down'
  | 'absolute end moved'
  | 'crash'

/** Milliseconds for which another process may go on with what it has read (DESIGN §7). */
export const BOUND = 5000

/** A history, sorted for looking up. */
export interface Model {
  readonly history: History
  readonly bySession: ReadonlyMap<string, readonly Operation[]>
  readonly signIns: ReadonlyMap<string, Operation>
  /** Revocations of subjects, by subject. */
  readonly revokeAlls: ReadonlyMap<string, readonly Operation[]>
  readonly downs: readonly { readonly from: number; readonly to: number }[]
  readonly emptied: readonly { readonly from: number; readonly to: number }[]
  readonly clocksJumped: boolean
}

export function modelOf(history: History): Model {
  const { operations, marks } = history
  const bySession = group(operations, ({ session }) => session)
  const signIns = new Map<string, Operation>()
  for (const operation of operations)
    if (operation.name === 'sign-in' && operation.session !== undefined)
      signIns.set(operation.session, operation)
  return {
    history,
    bySession,
    signIns,
    revokeAlls: group(operations, ({ name, subject }) =>
      name === 'revoke-all' ? subject : undefined,
    ),
    downs: marks.flatMap((each) => (each.mark === 'down' ? [each] : [])),
    emptied: marks.flatMap((each) => (each.mark === 'emptied' ? [each] : [])),
    clocksJumped: marks.some(({ mark }) => mark === 'clock'),
  }
}

/** Whether what was acknowledged before `until` may be gone at `at`, because the store was emptied in between. */
export function isForgotten({ emptied }: Model, since: number, at: number): boolean {
  return emptied.some(({ from, to }) => since <= to && at >= from)
}

/** How long after its end an operation of `writer` must be known to `reader`. */
export function lag(writer: number, reader: number): number {
  return writer === reader ? 0 : BOUND
}

function group(
  operations: readonly Operation[],
  keyOf: (operation: Operation) => string | undefined,
): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>()
  for (const operation of operations) {
    const key = keyOf(operation)
    if (key === undefined) continue
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [operation])
    else known.push(operation)
  }
  return groups
}
