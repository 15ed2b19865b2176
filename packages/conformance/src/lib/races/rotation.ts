import assert from 'node:assert/strict'
import type * as fc from 'fast-check'
import type { SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { MINUTE } from '../records.js'
import { drive, explore } from './explore.js'
import { type RenewalPlan, renewalPlans, type Round, ROUNDS } from './renewal-plan.js'
import { scheduledStore, shared } from './scheduled-store.js'
import { handsAt, type Reply, sessionIdOf, Site } from './site.js'

const GRACE = 10_000

/** One session through several renewals, each with many requests at once. */
class Race {
  readonly #store: SessionStore
  readonly #scheduler: fc.Scheduler
  readonly #hands = handsAt()
  readonly #sites: readonly Site[]
  readonly #home: Site
  #next = 0

  constructor(store: SessionStore, scheduler: fc.Scheduler, rotationGrace: number) {
    this.#store = store
    this.#scheduler = scheduler
    this.#sites = [0, 1].map(
      () => new Site(scheduledStore(store, scheduler), this.#hands, { rotationGrace }),
    )
    this.#home = new Site(shared(store), this.#hands, { rotationGrace })
  }

  async run({ rounds, replayed }: RenewalPlan, n: number): Promise<void> {
    let { token } = await this.#home.signIn(`subject-${n}`)
    const old: string[] = []
    for (const each of rounds) {
      assert.ok(token !== null)
      old.push(token)
      token = await this.#round(token, each)
    }
    await this.#replay(old[replayed] ?? '', token ?? '')
    await Promise.all([this.#home, ...this.#sites].map((site) => site.close()))
  }

  /** Many requests of one token that is due for renewal. Gives its one successor. */
  async #round(token: string, { presenters, eager, lost }: Round): Promise<string> {
    this.#hands.now += 16 * MINUTE
    const successors = new Set<string>()
    const present = async (n: number): Promise<void> => {
      const reply = await this.#present(token, n % 3 === 0 ? `written${n}` : null)
      const successor = handedOut(reply)
      successors.add(successor)
      // Who presents the successor at once starts the grace of the others.
      if (lost === 0 && n < eager) assert.equal((await this.#present(successor, null)).error, null)
    }
    const all = Array.from({ length: presenters }, (_, n) => present(n))
    await drive(this.#scheduler, Promise.all(all))
    for (let n = 0; n < lost; n++) {
      this.#hands.now += 50 * MINUTE
      await drive(
        this.#scheduler,
        this.#present(token, null).then((reply) => successors.add(handedOut(reply))),
      )
    }
    assert.equal(successors.size, 1, 'distinct successors that were handed out')
    const [successor = ''] = successors
    const settled = await this.#home.request(successor)
    assert.notEqual(settled.open.record, null, 'the successor is honoured')
    const within = await this.#home.request(token)
    assert.equal(handedOut(within), successor, 'the old token within the grace')
    return successor
  }

  async #present(token: string, write: string | null): Promise<Reply> {
    const site = this.#sites[this.#next++ % 2] ?? this.#home
    const reply = await site.request(token, (session) => {
      if (write !== null) session.set(write, 1)
    })
    assert.equal(reply.open.rejection, null, 'a request of a good token was refused')
    assert.equal(reply.error, null, 'a request of a good token failed')
    assert.notEqual(reply.action?.kind, 'expire', 'a cookie that takes the session away')
    return reply
  }

  /** A replaced token after its grace: the session ends in that very request. */
  async #replay(old: string, present: string): Promise<void> {
    this.#hands.now += GRACE + 1
    const before = this.#home.reuses
    const open = await this.#home.open(old)
    assert.equal(open.record, null, 'a replayed token is not honoured')
    assert.equal(open.rejection, 'superseded')
    const record = await this.#store.find(sessionIdOf(old))
    assert.equal(record?.reason, 'token_reuse', 'the session ended in that request')
    assert.equal(this.#home.reuses, before + 1, 'events token_reuse')
    assert.equal(await this.#home.isActive(present), false, 'the thief’s or the victim’s token')
  }
}

function handedOut({ action }: Reply): string {
  if (action?.kind !== 'set') return assert.fail(`the cookie action was ${action?.kind}`)
  return action.token
}

/** P4. */
export const rotationCases: readonly CaseDefinition[] = [
  {
    name: 'races: 2 to 200 requests around a renewal get one successor, and nobody is refused',
    contract:
      'Rotation signs nobody out, and theft is still caught (promise P4): one lineage, a lost response signs nobody out, a token that comes back after its grace ends the session in that request.',
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.rounds / ROUNDS),
        plan: renewalPlans,
        race: (plan, scheduler, n) => new Race(store, scheduler, GRACE).run(plan, n),
      })
    },
  },
  {
    name: 'races: without grace, a replaced token is a replay as soon as its successor was seen',
    contract: 'rotationGrace 0 is strict: good until the successor is first presented, not longer.',
    async run({ store }) {
      const hands = handsAt()
      const home = new Site(shared(store), hands, { rotationGrace: 0 })
      const { token } = await home.signIn('subject')
      assert.ok(token !== null)
      hands.now += 16 * MINUTE
      const successor = handedOut(await home.request(token))
      hands.now += 30 * MINUTE
      assert.equal(handedOut(await home.request(token)), successor, 'a lost response')
      assert.notEqual((await home.request(successor)).open.record, null)
      const replay = await home.open(token)
      assert.equal(replay.rejection, 'superseded')
      assert.equal((await store.find(sessionIdOf(token)))?.reason, 'token_reuse')
      assert.equal(await home.isActive(successor), false)
      await home.close()
    },
  },
]
