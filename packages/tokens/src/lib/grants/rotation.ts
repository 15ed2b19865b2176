import { constantTimeEqual } from '@holdfast/core/engine'
import type { Grant, Superseded } from './grant.js'

/** Superseded tokens that a grant keeps at most. */
export const MOST_SUPERSEDED = 16

/**
 * What a grant says of a presented refresh token, whose tag was right, so that we issued it:
 * - `current`: the present one, to be replaced now. `crowded`: likewise, but so many are in their grace that one more would
 *   push out one of them; it stays for the moment.
 * - `superseded`: replaced and still good. `chain` leads to the present one: what it seals, what that seals, and so on.
 * - `reuse`: replaced and dead, so that somebody kept a copy. `early`: replaced in the future, so a clock was set back.
 * - `unknown`: never replaced, and yet another one: the store has gone back to an older state.
 */
export type Verdict =
  | { readonly status: 'current' | 'crowded' | 'reuse' | 'early' | 'unknown' }
  | { readonly status: 'superseded'; readonly chain: readonly string[] }

/** Judges the hash of a presented verifier. Pure; compares in constant time. `grace` in milliseconds, 0 for none. */
export function judgeRefresh(grant: Grant, hash: string, now: number, grace: number): Verdict {
  const { superseded } = grant
  if (constantTimeEqual(hash, grant.hash)) {
    const crowd = superseded.filter((each) => standing(each, now, grace) === 'good')
    return { status: crowd.length < MOST_SUPERSEDED ? 'current' : 'crowded' }
  }
  if (superseded.length === 0) return { status: 'unknown' }
  const at = superseded.findIndex((each) => constantTimeEqual(hash, each.hash))
  const found = superseded[at]
  if (found === undefined) return { status: 'reuse' }
  const status = standing(found, now, grace)
  if (status !== 'good') return { status }
  // Not its own successor, which may be dead in a moment: the present token, so that whoever presents it lives on.
  const chain = superseded.slice(0, at + 1).map((each) => each.sealed)
  return { status: 'superseded', chain: chain.toReversed() }
}

function standing({ at }: Superseded, now: number, grace: number): 'good' | 'reuse' | 'early' {
  if (at === null) return 'good'
  if (grace === 0 || now > at + grace) return 'reuse'
  // The grace must not last as long as a clock was ahead.
  return now >= at - grace ? 'good' : 'early'
}

/** What takes the place of the present token. */
export interface Successor {
  readonly hash: string
  /** Its verifier, sealed under the present one's. */
  readonly sealed: string
}

/**
 * The grant after its present token was presented and replaced: the grace of the one before it starts, and what is past its
 * grace is forgotten. Pure.
 */
export function rotateGrant(grant: Grant, next: Successor, now: number, grace: number): Grant {
  const settled = grant.superseded.map((each) => (each.at === null ? { ...each, at: now } : each))
  const kept = settled.filter((each) => standing(each, now, grace) !== 'reuse')
  const replaced: Superseded = { hash: grant.hash, sealed: next.sealed, at: null }
  return {
    ...grant,
    rotatedAt: now,
    hash: next.hash,
    superseded: [replaced, ...kept].slice(0, MOST_SUPERSEDED),
  }
}
