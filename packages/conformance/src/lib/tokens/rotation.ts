import assert from 'node:assert/strict'
import type * as fc from 'fast-check'
import type { SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { MINUTE } from '../records.js'
import { drive, explore } from '../races/explore.js'
import { type RenewalPlan, renewalPlans, type Round, ROUNDS } from '../races/renewal-plan.js'
import { scheduledStore, shared } from '../races/scheduled-store.js'
import { handsAt } from '../races/site.js'
import { outcomeOf, recordOf, TokenSite } from './site.js'

const GRACE = 10_000

/** One grant through several renewals, each with many presenters at once, in two processes. */
class Race {
  readonly #store: SessionStore
  readonly #scheduler: fc.Scheduler
  readonly #hands = handsAt()
  readonly #sites: readonly TokenSite[]
  readonly #home: TokenSite
  #next = 0

  constructor(store: SessionStore, scheduler: fc.Scheduler) {
    this.#store = store
    this.#scheduler = scheduler
    this.#sites = [0, 1].map(() => new TokenSite(scheduledStore(store, scheduler), this.#hands))
    this.#home = new TokenSite(shared(store), this.#hands)
  }

  async run({ rounds, replayed }: RenewalPlan, n: number): Promise<void> {
    const { given } = await this.#home.issue(`subject-${n}`)
    let token = given.refreshToken
    const old: string[] = []
    for (const each of rounds) {
      old.push(token)
      token = await this.#round(token, each)
    }
    const all = [this.#home, ...this.#sites]
    const record = await recordOf(this.#store, given.sessionId)
    assert.equal(record.revokedAt, null, 'a family was ended by mistake')
    assert.equal(sum(all.map((site) => site.reuses)), 0, 'events token_reuse')
    await this.#replay(given.sessionId, old[replayed] ?? '', token)
    await Promise.all(all.map((site) => site.close()))
  }

  /** Many presenters of one token. Gives the token that the lineage has come to. */
  async #round(token: string, { presenters, eager, lost }: Round): Promise<string> {
    this.#hands.now += 5 * MINUTE
    const before = this.#made
    const handed = new Set<string>()
    const present = async (presented: string): Promise<string> => {
      const next = (await this.#site().refresh(presented)).refreshToken
      handed.add(next)
      return next
    }
    const all = Array.from({ length: presenters }, async (_, n) => {
      const successor = await present(token)
      if (lost === 0 && n < eager) await present(successor)
    })
    await drive(this.#scheduler, Promise.all(all))
    for (let n = 0; n < lost; n++) {
      this.#hands.now += 50 * MINUTE
      await drive(this.#scheduler, present(token))
    }
    assert.equal(this.#made - before, handed.size, 'one lineage: each token was made once')
    if (lost > 0 || eager === 0) assert.equal(handed.size, 1, 'distinct successors')
    return this.#settle([token, ...handed])
  }

  /** Every token of the lineage leads to the same one, as long as it is in its grace. */
  async #settle(tokens: readonly string[]): Promise<string> {
    let head = ''
    for (const token of tokens) head = (await this.#home.refresh(token)).refreshToken
    for (const token of tokens)
      assert.equal(
        (await this.#home.refresh(token)).refreshToken,
        head,
        'an old token within its grace',
      )
    return head
  }

  /** A replaced token after its grace: the session ends in that very request. */
  async #replay(sessionId: string, old: string, present: string): Promise<void> {
    this.#hands.now += GRACE + 1
    // The present token is presented once more, so that the grace of all before it is over.
    const { refreshToken, accessToken } = await this.#home.refresh(present)
    this.#hands.now += GRACE + 1
    const replay = await outcomeOf(() => this.#home.refresh(old))
    assert.equal(replay, 'ERR_TOKEN_INVALID token_reuse', 'a replayed token')
    assert.equal((await recordOf(this.#store, sessionId)).reason, 'token_reuse')
    assert.equal(this.#home.reuses, 1, 'events token_reuse')
    assert.equal(
      await outcomeOf(() => this.#home.refresh(refreshToken)),
      'ERR_TOKEN_INVALID token_reuse',
    )
    assert.equal(
      await outcomeOf(() => this.#home.tokens.verify(accessToken)),
      'ERR_TOKEN_INVALID revoked',
    )
  }

  #site(): TokenSite {
    return this.#sites[this.#next++ % 2] ?? this.#home
  }

  get #made(): number {
    return sum([this.#home, ...this.#sites].map((site) => site.made))
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** P4, for refresh tokens. */
export const tokenRotationCases: readonly CaseDefinition[] = [
  {
    name: 'tokens: 2 to 200 presenters of one refresh token are one lineage, nobody is signed out, and each replay after the grace ends it',
    contract:
      'Rotation signs nobody out, and theft is still caught (promise P4): one lineage for racers, the same successor, a lost response signs nobody out, a token that comes back after its grace ends the session in that request.',
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.rounds / ROUNDS),
        plan: renewalPlans,
        race: (plan, scheduler, n) => new Race(store, scheduler).run(plan, n),
      })
    },
  },
]
