import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { SessionStore } from '@holdfast/core/store'
import type { TokenSet } from '@holdfast/tokens'
import type { CaseDefinition } from '../definition.js'
import { MINUTE } from '../records.js'
import { endingCases, faults } from '../races/endings.js'
import { drive } from '../races/explore.js'
import { type Fault, scheduledStore, shared } from '../races/scheduled-store.js'
import { handsAt } from '../races/site.js'
import { CLIENT, outcomeOf, settledOutcomeOf, TokenSite } from './site.js'

type EndingName = 'revoke' | 'revokeAll' | 'revokeEveryone' | 'grant' | 'endSession'

const WORKERS = ['refresher', 'straggler', 'chain', 'verifier', 'writer', 'issuer'] as const

interface Plan {
  readonly ending: EndingName
  readonly workers: readonly (typeof WORKERS)[number][]
  readonly minute: number
  readonly faults: readonly Fault[]
}

const planOf = (endings: readonly EndingName[]): fc.Arbitrary<Plan> =>
  fc.record({
    ending: fc.constantFrom(...endings),
    workers: fc.array(fc.constantFrom(...WORKERS), { minLength: 1, maxLength: 5 }),
    minute: fc.constantFrom(0, 4, 20),
    faults,
  })

const TOLERATED = /^(?:ok|ERR_TOKEN_INVALID .*|ERR_SESSION_ENDED|ERR_SESSION_STORE_UNAVAILABLE)$/

/** Two processes, one grant, requests of it in flight, and its end in the midst of them. */
class Race {
  readonly #store: SessionStore
  readonly #plan: Plan
  readonly #scheduler: fc.Scheduler
  readonly #subject: string
  readonly #hands = handsAt()
  readonly #sites: readonly TokenSite[]
  readonly #handed: TokenSet[] = []
  #faults: Fault[]

  constructor(store: SessionStore, plan: Plan, scheduler: fc.Scheduler, n: number) {
    this.#store = store
    this.#plan = plan
    this.#scheduler = scheduler
    this.#subject = `subject-${n}`
    this.#faults = [...plan.faults]
    const watcher = { fault: (): Fault => this.#faults.shift() ?? 'none' }
    this.#sites = [0, 1].map(
      () => new TokenSite(scheduledStore(store, scheduler, watcher), this.#hands),
    )
  }

  async run(): Promise<void> {
    const home = new TokenSite(shared(this.#store), this.#hands)
    const { cookie, given } = await home.issue(this.#subject)
    const present = await home.refresh(given.refreshToken)
    this.#handed.push(given, present)
    this.#hands.now += this.#plan.minute * MINUTE
    const parts = this.#plan.workers.map((name, n) => this.#work(name, n, cookie))
    await drive(this.#scheduler, Promise.all([...parts, this.#end(present)]))
    this.#faults = []
    await drive(this.#scheduler, this.#inspect(home, cookie, given))
    await Promise.all([home, ...this.#sites].map((site) => site.close()))
  }

  async #work(name: (typeof WORKERS)[number], n: number, cookie: string): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), `${name} begins`)
    const outcome = await outcomeOf(() => this.#do(name, this.#site(n), cookie))
    assert.match(outcome, TOLERATED, name)
    assert.doesNotMatch(outcome, /token_reuse/, name)
  }

  async #do(name: (typeof WORKERS)[number], site: TokenSite, cookie: string): Promise<void> {
    const [old, present] = this.#handed
    if (old === undefined || present === undefined) return assert.fail()
    switch (name) {
      case 'refresher':
        this.#handed.push(await site.refresh(present.refreshToken))
        return
      case 'straggler':
        this.#handed.push(await site.refresh(old.refreshToken))
        return
      case 'chain':
        for (let token = present.refreshToken, n = 0; n < 3; n++) {
          const next = await site.refresh(token)
          this.#handed.push(next)
          token = next.refreshToken
        }
        return
      case 'verifier':
        await site.tokens.verify(present.accessToken)
        return
      case 'writer':
        return site.with(cookie, (session) => session.update('n', () => 1))
      case 'issuer':
        return site.with(cookie, async (session) => {
          this.#handed.push(await site.tokens.issue(session, { client: CLIENT }))
        })
    }
  }

  async #end(present: TokenSet): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), `${this.#plan.ending} begins`)
    // Ended only when it is acknowledged: who is told of a failure tries again.
    for (;;) {
      const outcome = await outcomeOf(() => this.#tryEnd(present))
      if (outcome === 'ok') return
      assert.equal(outcome, 'ERR_SESSION_STORE_UNAVAILABLE')
    }
  }

  async #tryEnd({ sessionId, refreshToken }: TokenSet): Promise<void> {
    const { sessions, tokens } = this.#site(0)
    switch (this.#plan.ending) {
      case 'revoke':
        await sessions.revoke(sessionId)
        return
      case 'revokeAll':
        await sessions.revokeAll(this.#subject)
        return
      case 'revokeEveryone':
        return sessions.revokeEveryone()
      case 'grant':
        await tokens.revoke(refreshToken, { client: CLIENT })
        return
      case 'endSession':
        await tokens.revoke(refreshToken, { client: CLIENT, endSession: true })
        return
    }
  }

  /** No token that was ever handed out is good in any process. */
  async #inspect(home: TokenSite, cookie: string, { grantId }: TokenSet): Promise<void> {
    const isGrant = this.#plan.ending === 'grant'
    assert.equal(await home.isActive(cookie), isGrant, 'the session itself')
    for (const each of this.#handed) {
      if (isGrant && each.grantId !== grantId) continue
      for (const site of [home, ...this.#sites]) {
        const check = await settledOutcomeOf(() => site.tokens.verify(each.accessToken))
        const renewal = await outcomeOf(() => site.refresh(each.refreshToken))
        const expected = isGrant ? 'ERR_TOKEN_INVALID grant_gone' : 'ERR_TOKEN_INVALID revoked'
        if (check !== 'ERR_TOKEN_INVALID expired') assert.equal(check, expected, 'an access token')
        assert.equal(renewal, expected, 'a refresh token')
      }
    }
  }

  #site(n: number): TokenSite {
    return this.#sites[n % 2] ?? assert.fail()
  }
}

const CONTRACT =
  'Destroyed stays destroyed (promise P2): no refresh that was in flight brings a revoked grant or session back, and no token that was handed out is good once the revocation was acknowledged.'

/** P2, for tokens. */
export const tokenRevocationCases: readonly CaseDefinition[] = endingCases({
  contract: CONTRACT,
  name: 'tokens: nothing in flight leaves a live token after a revocation',
  endings: ['revoke', 'revokeAll', 'grant', 'endSession'],
  everyone: {
    name: 'tokens: nothing in flight leaves a live token after a revocation of everyone',
    ending: 'revokeEveryone',
  },
  planOf,
  race: (store, plan, scheduler, n) => new Race(store, plan, scheduler, n).run(),
})
