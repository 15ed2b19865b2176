import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { SessionStore } from '@holdfast/core/store'
import type { TokenSet } from '@holdfast/tokens'
import type { CaseDefinition } from '../definition.js'
import { HOUR, MINUTE, START } from '../records.js'
import { explore } from '../races/explore.js'
import { shared } from '../races/scheduled-store.js'
import { handsAt } from '../races/site.js'
import { BRIEF, CLIENT, outcomeOf, recordOf, TokenSite } from './site.js'

/** When the session ends, and when the grant of the client with a lifetime of its own does. */
const ABSOLUTE = 6 * HOUR
const END = START + ABSOLUTE
const BRIEF_END = START + 2 * HOUR

const ACTS = [
  'refresh',
  'refresh of old',
  'refresh in the background',
  'refresh of brief',
  'touch',
  'rotate',
  'reauthenticate',
  'issue',
] as const
type Act = (typeof ACTS)[number]
type Step = readonly [Act, number]

const walk: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom<Act>(...ACTS),
    fc.constantFrom(0, 1, 3 * MINUTE, 16 * MINUTE, 50 * MINUTE, 59 * MINUTE, -MINUTE, -HOUR),
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
)

/** One session with a cookie and grants, whose holders do all that could lengthen its life. */
class Walk {
  readonly #store: SessionStore
  readonly #hands = handsAt()
  readonly #site: TokenSite
  #cookie = ''
  #id = ''
  readonly #handed: TokenSet[] = []
  #brief: TokenSet | null = null

  constructor(store: SessionStore) {
    this.#store = store
    this.#site = new TokenSite(shared(store), this.#hands, { absoluteTimeout: ABSOLUTE })
  }

  async run(steps: readonly Step[], n: number): Promise<void> {
    await this.#begin(`subject-${n}`)
    for (const [act, by] of steps) {
      this.#hands.now += by
      await this.#act(act)
    }
    await this.#growOld()
    await this.#finish()
    await this.#site.close()
  }

  async #begin(subject: string): Promise<void> {
    const { cookie, given } = await this.#site.issue(subject)
    this.#cookie = cookie
    this.#id = given.sessionId
    this.#handed.push(given)
    await this.#site.with(cookie, async (session) => {
      this.#brief = await this.#site.tokens.issue(session, { client: BRIEF })
    })
  }

  async #act(act: Act): Promise<void> {
    await outcomeOf(() => this.#do(act))
    await this.#inspect(act)
  }

  /** Lives on, if it still does, to a minute before either end. */
  async #growOld(): Promise<void> {
    for (let at = START - MINUTE; at < END; at += HOUR / 2) {
      if (at <= this.#hands.now) continue
      this.#hands.now = at
      await this.#act('refresh')
      await this.#act('refresh of brief')
    }
  }

  async #do(act: Act): Promise<void> {
    const { tokens } = this.#site
    const [first, last] = [this.#handed[0], this.#handed.at(-1)]
    if (first === undefined || last === undefined || this.#brief === null) return assert.fail()
    switch (act) {
      case 'refresh':
        return this.#take(await this.#site.refresh(last.refreshToken))
      case 'refresh of old':
        // Its replay after the grace would end the session, and the walk with it.
        if (this.#handed.length > 2) return
        return this.#take(await this.#site.refresh(first.refreshToken))
      case 'refresh in the background': {
        const asked = { client: CLIENT, active: false }
        return this.#take(await tokens.refresh(last.refreshToken, asked))
      }
      case 'refresh of brief':
        this.#brief = await tokens.refresh(this.#brief.refreshToken, { client: BRIEF })
        return
      case 'issue':
        return this.#site.with(this.#cookie, async (session) =>
          this.#take(await tokens.issue(session, { client: CLIENT })),
        )
      default:
        return this.#visit(act)
    }
  }

  #take(given: TokenSet): void {
    this.#handed.push(given)
  }

  /** What the holder of the cookie does. */
  async #visit(act: 'touch' | 'rotate' | 'reauthenticate'): Promise<void> {
    const { token } = await this.#site.request(this.#cookie, (session) => {
      if (act === 'touch') session.touch()
      if (session.subject === null) return undefined
      return act === 'rotate' ? session.rotate() : session.reauthenticate()
    })
    this.#cookie = token ?? this.#cookie
  }

  async #inspect(act: Act): Promise<void> {
    const { absoluteDeadline, idleDeadline } = await recordOf(this.#store, this.#id)
    assert.equal(absoluteDeadline, END, `the absolute deadline after ${act}`)
    assert.ok(idleDeadline <= END, 'the idle deadline stays within it')
    for (const given of this.#handed) {
      assert.equal(given.absoluteDeadline, END, 'the end that clients are told')
      assert.ok(given.expiresAt <= END, 'an access token ends with its session')
    }
    if (this.#brief !== null) assert.ok(this.#brief.expiresAt <= BRIEF_END, 'or with its grant')
  }

  /** At its end nothing that was ever handed out is good. */
  async #finish(): Promise<void> {
    const { tokens } = this.#site
    this.#hands.now = Math.max(this.#hands.now, BRIEF_END)
    const brief = this.#brief?.refreshToken ?? ''
    assert.notEqual(await outcomeOf(() => tokens.refresh(brief, { client: BRIEF })), 'ok')
    this.#hands.now = Math.max(this.#hands.now, END)
    for (const { refreshToken, accessToken } of this.#handed) {
      assert.notEqual(await outcomeOf(() => this.#site.refresh(refreshToken)), 'ok')
      assert.notEqual(await outcomeOf(() => tokens.verify(accessToken)), 'ok')
    }
    assert.equal(await this.#site.isActive(this.#cookie), false)
  }
}

/** P8, for refresh tokens. */
export const tokenLifetimeCases: readonly CaseDefinition[] = [
  {
    name: 'tokens: nothing moves the absolute end of refresh tokens, nor that of a grant (clock jumps included)',
    contract:
      'The absolute end never moves (promise P8): no refresh, touch, rotation or clock lengthens the life of refresh tokens (ASVS 10.4.8).',
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.schedules / 20),
        plan: walk,
        race: (steps, _scheduler, n) => new Walk(store).run(steps, n),
      })
    },
  },
]
