import { type Answer, idOf } from '../answer.js'
import { ALL, type Arena, expectGone, expectRefused, signIn } from '../arena.js'
import { Tally } from '../tally.js'
import { RENEWAL } from './logout.js'

const ROUNDS = 5
const GRACE = 10_000
const MINUTE = 60_000
/** Of the first session, so that every run has them. */
const FIRST = [200, 2, 100, 199] as const

/** P4: the same token, due for renewal, presented to all processes at once; in the end a copy of an old one. */
export async function raceRenewals(arena: Arena, lineages: number): Promise<Tally> {
  const tally = new Tally('P4, one token presented 2 to 200 times at once around its renewal')
  for (let n = 0; n < lineages; n++) {
    const lineage = new Lineage(arena, tally)
    await lineage.begin(`lineage-${n}`)
    for (let round = 0; round < ROUNDS; round++) {
      await lineage.renew(presentersOf(arena, n === 0 ? round : ROUNDS))
      tally.rounds += 1
    }
    await lineage.replay()
  }
  return tally
}

/** Few as often as many. */
function presentersOf({ random }: Arena, round: number): number {
  return (
    FIRST[round] ??
    random.pick([2, 2 + random.below(7), 9 + random.below(42), 51 + random.below(150)])
  )
}

/** One session through several renewals. */
class Lineage {
  readonly #arena: Arena
  readonly #tally: Tally
  readonly #old: string[] = []
  #token = ''

  constructor(arena: Arena, tally: Tally) {
    this.#arena = arena
    this.#tally = tally
  }

  async begin(subject: string): Promise<void> {
    this.#token = await signIn(this.#arena, subject)
  }

  /** Half of the presenters are in the middle of their request when it goes on, half come then. */
  async renew(presenters: number): Promise<void> {
    const { fleet, random } = this.#arena
    const token = this.#token
    // Every process has read it before it is renewed in one of them.
    await Promise.all(ALL.map((process) => this.#present(token, ['me'], process)))
    await fleet.advance(RENEWAL)
    const before = await fleet.counts()
    const gate = `renewal-${idOf(token)}-${this.#old.length}`
    const early = Math.ceil(presenters / 2)
    const ask = (_: unknown, n: number): Promise<Answer> =>
      this.#present(token, [`wait ${gate}`, ...(n % 3 === 0 ? [`set k${n % 10} 1`] : []), 'me'])
    const asked = Array.from({ length: early }, ask)
    await fleet.arrivals(gate, early)
    fleet.open(gate)
    const late = Array.from({ length: presenters - early }, ask)
    const successors = new Set<string>()
    for (const answer of await Promise.all([...asked, ...late]))
      if (answer.token !== null) successors.add(answer.token)
    this.#tally.add('presentations', presenters)
    this.#tally.atMost('most at once', presenters)
    if (random.chance(30)) await this.#loseAnswers(token, successors)
    await this.#settle(token, successors)
    const { session_renewed, token_reuse } = await fleet.counts()
    const renewed = session_renewed - before.session_renewed
    this.#tally.expect(renewed === 1, `it was renewed ${renewed} times`)
    this.#tally.expect(token_reuse === before.token_reuse, 'parallel requests were called a theft')
  }

  /** A copy of an old token after the grace ends the session in that request. */
  async replay(): Promise<void> {
    const { fleet, visitor, random, store } = this.#arena
    const before = await fleet.counts()
    await fleet.advance(GRACE + 1)
    const old = this.#old[random.below(this.#old.length)] ?? ''
    const { subject, cookies } = await visitor.send(old, ['me'])
    const since = performance.now()
    this.#tally.expect(subject === null && cookies.length === 0, 'a replayed token was accepted')
    const record = await store.find(idOf(old))
    const reason = record?.reason ?? 'none'
    this.#tally.expect(
      reason === 'token_reuse',
      `after a replay the reason of the end is ${reason}`,
    )
    await expectRefused(this.#arena, this.#token, since, this.#tally)
    await expectGone(this.#arena, this.#token, this.#tally)
    const reuses = (await fleet.counts()).token_reuse - before.token_reuse
    this.#tally.expect(reuses === 1, `a replay was reported ${reuses} times`)
    this.#tally.add('replays caught', reuses)
  }

  /** Nobody has received the successor: long after, the old token is still good for the same one. */
  async #loseAnswers(token: string, successors: Set<string>): Promise<void> {
    await this.#arena.fleet.advance(50 * MINUTE)
    const again = await this.#present(token, ['me'])
    if (again.token !== null) successors.add(again.token)
    this.#tally.add('lost responses')
  }

  /** The successor is presented; within the grace the old token still stands for it, everywhere. */
  async #settle(token: string, successors: ReadonlySet<string>): Promise<void> {
    this.#tally.expect(successors.size === 1, `${successors.size} successors were handed out`)
    const [successor = token] = successors
    await this.#present(successor, ['me'])
    for (const process of ALL) {
      const { token: given } = await this.#present(token, ['me'], process)
      this.#tally.expect(given === successor, 'the old token was given another successor')
    }
    this.#old.push(token)
    this.#token = successor
  }

  async #present(token: string, steps: readonly string[], process?: number): Promise<Answer> {
    const call = process === undefined ? {} : { process }
    const answer = await this.#arena.visitor.send(token, steps, call)
    this.#tally.expect(answer.subject !== null, `somebody was signed out: ${answer.words}`)
    const cleared = answer.cookies.length > 0 && answer.token === null
    this.#tally.expect(!cleared, "somebody's cookie was deleted")
    return answer
  }
}
