import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { MINUTE, START } from '../records.js'
import { endingCases, faults } from './endings.js'
import { drive } from './explore.js'
import { type Fault, scheduledStore, shared } from './scheduled-store.js'
import { handsAt, type Reply, sessionIdOf, Site } from './site.js'
import { WORKERS } from './workers.js'

type EndingName = 'logout' | 'revoke' | 'revokeAll' | 'revokeOthers' | 'revokeEveryone'

interface Plan {
  readonly ending: EndingName
  readonly workers: readonly string[]
  /** At 4 minutes a touch is due, at 20 a renewal too. */
  readonly minute: number
  readonly faults: readonly Fault[]
}

const TOLERATED = new Set([
  'ERR_SESSION_ENDED',
  'ERR_SESSION_NOT_AUTHENTICATED',
  'ERR_SESSION_STORE_UNAVAILABLE',
])

const planOf = (endings: readonly EndingName[]): fc.Arbitrary<Plan> =>
  fc.record({
    ending: fc.constantFrom(...endings),
    workers: fc.array(fc.constantFrom(...WORKERS.keys()), { minLength: 1, maxLength: 4 }),
    minute: fc.constantFrom(0, 4, 20),
    faults,
  })

interface Outcome {
  readonly reply: Reply
  readonly late: boolean
}

/** Two processes of an application, one signed-in session, requests of it in flight, and its end in the midst of them. */
class Race {
  readonly #store: SessionStore
  readonly #plan: Plan
  readonly #scheduler: fc.Scheduler
  readonly #subject: string
  readonly #sites: readonly Site[]
  readonly #tokens = new Set<string>()
  readonly #hands = handsAt()
  #faults: Fault[]
  /** Sessions that may live: they came from requests that began after the revocation had reached the store. */
  readonly #allowed = new Set<string>()
  /** A request that began after it may have started a session without being told: the answer was lost. */
  #unsure = false
  #revoking = false
  #acknowledged = false

  constructor(store: SessionStore, plan: Plan, scheduler: fc.Scheduler, n: number) {
    this.#store = store
    this.#plan = plan
    this.#scheduler = scheduler
    this.#subject = `subject-${n}`
    this.#faults = [...plan.faults]
    const watcher = {
      fault: (): Fault => this.#faults.shift() ?? 'none',
      revoking: () => {
        this.#revoking = true
      },
    }
    this.#sites = [0, 1].map(() => new Site(scheduledStore(store, scheduler, watcher), this.#hands))
  }

  async run(): Promise<void> {
    const home = new Site(shared(this.#store), this.#hands)
    const { token } = await home.signIn(this.#subject, (session) => {
      session.set('n', 0)
      session.flash('notice', 'once')
    })
    const other = this.#plan.ending === 'revokeOthers' ? await home.signIn(this.#subject) : null
    if (token === null) throw new Error('no token came of the sign-in')
    this.#tokens.add(token)
    if (other?.token !== null && other !== null) this.#allowed.add(sessionIdOf(other.token))
    this.#hands.now = START + this.#plan.minute * MINUTE
    const parts = this.#plan.workers.map((name, n) => this.#work(name, n, token))
    const end = this.#end(token, other?.token ?? null)
    await drive(this.#scheduler, Promise.all([...parts, end]))
    this.#faults = []
    await drive(this.#scheduler, this.#inspect(home, sessionIdOf(token)))
    await Promise.all([home, ...this.#sites].map((site) => site.close()))
  }

  #site(n: number): Site {
    const site = this.#sites[n % this.#sites.length]
    if (site === undefined) throw new Error('there is no such site')
    return site
  }

  async #work(name: string, n: number, token: string): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), `${name} begins`)
    const attempts = name === 'retry' ? 3 : 1
    for (let attempt = 0; attempt < attempts; attempt++) {
      const outcome = await this.#request(name, n, token)
      if (outcome === null) continue
      const { reply, late } = outcome
      if (reply.token !== null) this.#tokens.add(reply.token)
      const id = reply.open.record?.id
      if (late && id !== undefined) this.#allowed.add(id)
      if (late && reply.error === 'ERR_SESSION_STORE_UNAVAILABLE') this.#unsure = true
      if (reply.error === null) return
      assert.ok(TOLERATED.has(reply.error), `${name} failed with ${reply.error}`)
    }
  }

  /** A request of one worker, and whether it began late; null where the store failed before there was a session. */
  async #request(name: string, n: number, token: string): Promise<Outcome | null> {
    const work = WORKERS.get(name)
    if (work === undefined) throw new Error(`no worker ${name}`)
    let late = false
    try {
      const reply = await this.#site(n).request(token, (session, open) => {
        // It begins when the application sees it: the counter of revocations has been read by then.
        late = this.#revoking
        return work(session, open, this.#subject)
      })
      return { reply, late }
    } catch (error) {
      if (isUnavailable(error)) return null
      throw error
    }
  }

  async #end(token: string, other: string | null): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), `${this.#plan.ending} begins`)
    const id = sessionIdOf(token)
    // Ended only when it is acknowledged: who is told of a failure tries again.
    while (!(await this.#tryEnd(token, id, other)));
    this.#acknowledged = true
    const record = await this.#store.find(id)
    assert.ok(record?.revokedAt !== null, 'find() right after the revocation was acknowledged')
  }

  async #tryEnd(token: string, id: string, other: string | null): Promise<boolean> {
    const { sessions } = this.#site(0)
    try {
      switch (this.#plan.ending) {
        case 'logout': {
          const reply = await this.#site(0).request(token, (session) => session.revoke())
          // A token that a worker's sign-in has replaced ends nothing: then the session is ended by its id.
          if (reply.error === null && reply.open.rejection !== null) await sessions.revoke(id)
          return reply.error === null
        }
        case 'revoke':
          await sessions.revoke(id)
          return true
        case 'revokeAll':
          await sessions.revokeAll(this.#subject)
          return true
        case 'revokeOthers': {
          const reply = await this.#site(0).request(other, (session) => session.revokeOthers())
          return reply.error === null
        }
        case 'revokeEveryone':
          await sessions.revokeEveryone()
          return true
      }
    } catch (error) {
      if (isUnavailable(error)) return false
      throw error
    }
  }

  async #inspect(home: Site, id: string): Promise<void> {
    assert.ok(this.#acknowledged, 'the revocation was acknowledged')
    const record = await this.#store.find(id)
    assert.notEqual(record, null, 'the tombstone is kept')
    assert.notEqual(record?.revokedAt, null, 'find() shows the session as ended')
    for (const token of this.#tokens) {
      if (sessionIdOf(token) !== id) continue
      for (const site of [home, this.#site(0)])
        assert.equal(await site.isActive(token), false, 'a token of the ended session is active')
    }
    if (this.#unsure || this.#plan.ending === 'logout' || this.#plan.ending === 'revoke') return
    const page = { limit: 100, now: this.#hands.now }
    const { records } = await this.#store.list(this.#subject, page)
    for (const { id: alive } of records)
      assert.ok(this.#allowed.has(alive), 'a sign-in that had begun before survived the revocation')
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SESSION_STORE_UNAVAILABLE'
}

const CONTRACT =
  'Destroyed stays destroyed (promise P2): no write, read, touch, rotation or retry that was in flight brings a revoked session back, and a revoke-all kills every sign-in that had begun before it.'

/** P2. */
export const resurrectionCases: readonly CaseDefinition[] = endingCases({
  contract: CONTRACT,
  name: 'races: nothing in flight brings a session back after logout, revoke or revokeAll',
  endings: ['logout', 'revoke', 'revokeAll', 'revokeOthers'],
  everyone: {
    name: 'races: nothing in flight brings a session back after revokeEveryone',
    ending: 'revokeEveryone',
  },
  planOf,
  race: (store, plan, scheduler, n) => new Race(store, plan, scheduler, n).run(),
})
