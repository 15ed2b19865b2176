import { LONGEST_LIFE } from '../access/read-claims.js'
import type { DatedKey } from './dated-key.js'
import type { KeySet } from './key-set.js'
import { exportPublicKey } from './public-key.js'
import type { SigningAlgorithm } from './signing-key.js'

/** `next` is published and does not sign yet, `current` signs, `retiring` verifies until its last token is over. */
export type KeyState = 'next' | 'current' | 'retiring'

/** A key of a set, as it may be shown to people. */
export interface KeyInfo {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly state: KeyState
  readonly publishedAt: Date
  readonly signsFrom: Date
  /** When it goes; null while no successor is dated. */
  readonly retiresAt: Date | null
}

/** How long a key verifies after it signed last: the longest life of a token, and a minute for clocks that differ. */
const RETIRING_FOR = LONGEST_LIFE * 1000 + 60_000

/** What holds of a set's keys from one change of state to the next. */
export interface KeyView extends KeySet {
  readonly keys: readonly KeyInfo[]
  /** Generations whose last token is over. */
  readonly over: readonly number[]
  /** For which instants all this holds: from `since` on, and before `until`. */
  readonly since: number
  readonly until: number
}

/** A key, and when its time to sign ends: when the next younger key starts; Infinity for the youngest. */
interface Span {
  readonly key: DatedKey
  readonly endsAt: number
}

/** The view at an instant of keys sorted by generation; there must be one. */
export function viewAt(keys: readonly DatedKey[], now: number): KeyView {
  const spans = keys.map((key, index) => ({ key, endsAt: nextStart(keys.slice(index + 1)) }))
  const started = spans.filter(({ key }) => key.signsFrom <= now)
  // None has started: the clock was set back to before the first key.
  const current = started.at(-1) ?? spans[0]
  if (current === undefined) throw new TypeError('a key set needs a key')
  const alive = spans.filter((span) => span === current || span.endsAt + RETIRING_FOR > now)
  const byId = new Map(alive.map(({ key }) => [key.verification.kid, key.verification]))
  const published = { keys: alive.map(({ key }) => exportPublicKey(key.verification)) }
  const changes = spans.flatMap(({ key, endsAt }) => [key.signsFrom, endsAt + RETIRING_FOR])
  return {
    current: current.key.signing,
    find: (kid) => byId.get(kid),
    jwks: () => published,
    keys: alive.map((span) => infoOf(span, current)),
    over: spans.filter((span) => !alive.includes(span)).map(({ key }) => key.generation),
    since: Math.max(-Infinity, ...changes.filter((at) => at <= now)),
    until: Math.min(Infinity, ...changes.filter((at) => at > now)),
  }
}

/** When the first of the younger keys starts: a hurried rotation may overtake one that was dated before it. */
function nextStart(younger: readonly DatedKey[]): number {
  return Math.min(Infinity, ...younger.map(({ signsFrom }) => signsFrom))
}

function infoOf({ key, endsAt }: Span, current: Span): KeyInfo {
  const state = key.generation < current.key.generation ? 'retiring' : 'next'
  return {
    kid: key.verification.kid,
    alg: key.verification.alg,
    state: key === current.key ? 'current' : state,
    publishedAt: new Date(key.publishedAt),
    signsFrom: new Date(key.signsFrom),
    retiresAt: endsAt === Infinity ? null : new Date(endsAt + RETIRING_FOR),
  }
}
