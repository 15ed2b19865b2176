import { headText, type WireAnswer, headerOf } from '../support/wire.js'
import { linesOf, NAVIGATION, type Question, tokenOf } from '../support/asking.js'
import type { Random } from '@holdfast/test-servers/random'
import type { Authority, Tally } from './model.js'

/** One visitor, of one client. `ending`: the revocation is on its way, so that either answer is right. */
export interface Visitor {
  readonly subject: string
  token: string
  state: 'live' | 'ending' | 'ended'
}

type Kind = 'known' | 'page' | 'optional' | 'nobody' | 'forged' | 'twice' | 'cross-site'

/** One request, and what is known of it when it is sent. */
export interface Asked {
  readonly kind: Kind
  readonly visitor: Visitor
  /** The visitor's state when the request was sent. */
  before: Visitor['state']
}

const KINDS: readonly (readonly [Kind, number])[] = [
  ['known', 0.55],
  ['page', 0.7],
  ['optional', 0.76],
  ['nobody', 0.84],
  ['forged', 0.91],
  ['twice', 0.95],
  ['cross-site', 1],
]

export function newQuestion(random: Random, visitor: Visitor): Asked {
  const at = random()
  const kind = KINDS.find(([, share]) => at < share)?.[0] ?? 'known'
  return { kind, visitor, before: visitor.state }
}

/** The request as it is sent now. */
export function textOf(asked: Asked, app: string): string {
  const { kind, visitor } = asked
  asked.before = visitor.state
  const path = kind === 'optional' ? '/v1/check/optional' : '/v1/check'
  return headText(path, linesOf({ app, ...QUESTIONS[kind](visitor.token) }))
}

const QUESTIONS: Readonly<Record<Kind, (token: string) => Question>> = {
  known: (token) => ({ token }),
  page: (token) => ({ token, lines: NAVIGATION }),
  optional: (token) => ({ token }),
  nobody: () => ({}),
  forged: (token) => ({ token: `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}` }),
  twice: (token) => ({ cookies: [`__Host-session=${token}`, `__Host-session=${token}`] }),
  'cross-site': (token) => ({
    token,
    method: 'POST',
    lines: [['Origin', 'https://evil.example']],
  }),
}

/** What is wrong with an answer; null if nothing is. Takes over a token that the browser would have taken. */
export function judge(
  { kind, visitor, before }: Asked,
  answer: WireAnswer,
  authority: Authority,
  tally: Tally,
): string | null {
  const said = headerOf(answer, 'x-session-assertion')
  const renewed = tokenOf(answer)
  const about = `${kind}, ${before} then ${visitor.state}, ${answer.status}`
  // A store that is too slow: refused, and nothing said of anybody. How many there were, the tally says.
  if (answer.status === 503) return said === undefined && renewed === null ? null : about
  if (kind === 'cross-site') return answer.status === 403 && said === undefined ? null : about
  if (said === undefined) {
    if (renewed !== null) return `${about}: a cookie for nobody`
    const isAnonymous = answer.status === (kind === 'optional' ? 204 : 401)
    const mayBe = !(isOwn(kind) && before === 'live' && visitor.state === 'live')
    return isAnonymous && mayBe ? null : about
  }
  const { sub, sid } = authority.read(said) ?? {}
  if (!isOwn(kind) || answer.status !== 204 || before === 'ended') return about
  if (sub !== visitor.subject || sid !== visitor.token.slice(0, 22))
    return `${about}: somebody else's assertion, or none`
  if (renewed === null) return null
  if (kind !== 'page') return `${about}: a cookie for a script`
  if (!renewed.startsWith(visitor.token.slice(0, 22))) return `${about}: somebody else's cookie`
  visitor.token = renewed
  tally.renewed += 1
  return null
}

function isOwn(kind: Kind): boolean {
  return kind === 'known' || kind === 'page' || kind === 'optional'
}
