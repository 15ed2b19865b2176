import assert from 'node:assert/strict'
import { type Answer, type Client, COOKIE } from '../client.js'
import type { Group } from '../define.js'
import type { Site, SiteSettings } from '../site.js'

const RENEWAL = 60_000
const GRACE = 10_000
const RACERS = 200
const SETTINGS: SiteSettings = { sessions: { renewalTimeout: RENEWAL, rotationGrace: GRACE } }
const NOBODY = { id: null, subject: null }

/** A renewed token signs nobody out, and a copy of the old one is caught (P4). */
export function rotationCases(group: Group): void {
  for (const [name, steps] of [
    ['readers', ['me']],
    ['writers', ['me', 'set a 1']],
  ] as const) {
    group.add(
      `${RACERS} racing ${name} around a renewal: all stay in, with one successor`,
      (site) => race(site, steps),
      SETTINGS,
    )
  }

  group.add(
    'a lost response signs nobody out',
    async (site) => {
      const client = await site.signedIn()
      const old = client.token
      site.clock.advance(RENEWAL)
      const lost = await client.get(['me'], { dropCookies: true })
      assert.notEqual(lost.token, null)
      // Much later than the grace: the successor was never presented.
      site.clock.advance(GRACE * 100)
      const answer = await client.get(['me'])
      assert.equal(subjectOf(answer), 'ann')
      assert.equal(answer.token, lost.token)
      assert.notEqual(client.token, old)
      assert.equal(subjectOf(await client.get(['me'])), 'ann')
    },
    SETTINGS,
  )

  group.add(
    'within the grace the old token still answers, with the same successor',
    async (site) => {
      const { client, old } = await renewed(site)
      site.clock.advance(GRACE)
      const late = await client.get(['me'], { cookie: `${COOKIE}=${old}`, dropCookies: true })
      assert.equal(subjectOf(late), 'ann')
      assert.equal(late.token, client.token)
    },
    SETTINGS,
  )

  group.add(
    'a copy of the old token after the grace ends the session in that request',
    async (site) => {
      const { client, old } = await renewed(site)
      site.clock.advance(GRACE + 1)
      const { requests } = site.app
      const replay = await client.get(['me'], { cookie: `${COOKIE}=${old}`, dropCookies: true })
      assert.deepEqual(replay.out, [NOBODY])
      assert.deepEqual(replay.setCookies, [])
      assert.equal(site.app.requests, requests + 1)
      const types = site.events.map(({ type }) => type)
      assert.equal(types.filter((type) => type === 'token_reuse').length, 1)
      assert.deepEqual((await client.get(['me'])).out, [NOBODY])
      const info = await site.sessions.get(old.split('-')[0] ?? '')
      assert.equal(info?.reason, 'token_reuse')
    },
    SETTINGS,
  )

  endCases(group)
  loginCases(group)
}

function endCases(group: Group): void {
  group.add(
    'rotate() replaces the token at once',
    async (site) => {
      const client = await site.signedIn()
      const old = client.token
      const answer = await client.do(['rotate'])
      assert.notEqual(answer.token, null)
      assert.notEqual(answer.token, old)
      assert.deepEqual(await client.subjectBy(old), NOBODY)
      assert.equal(subjectOf(await client.get(['me'])), 'ann')
    },
    SETTINGS,
  )

  group.add(
    'no renewal moves the absolute end',
    async (site) => {
      const client = await site.signedIn()
      for (let hour = 0; hour < 47; hour++) {
        site.clock.advance(30 * 60_000)
        assert.equal(subjectOf(await client.get(['me'])), 'ann')
      }
      site.clock.advance(30 * 60_000)
      assert.deepEqual((await client.get(['me'])).out, [NOBODY])
      assert.ok(site.takeRejections().includes('absolute_expired'))
    },
    SETTINGS,
  )
}

async function race(site: Site, steps: readonly string[]): Promise<void> {
  const client = await site.signedIn()
  const old = client.token
  site.clock.advance(RENEWAL)
  const [early, late] = [RACERS / 2, RACERS / 2]
  const ask = (): Promise<Answer> => client.do(['wait race', ...steps], { dropCookies: true })
  const asked = Array.from({ length: early }, ask)
  await site.app.gates.arrivals('race', early)
  site.app.gates.open('race')
  const answers = await Promise.all([...asked, ...Array.from({ length: late }, ask)])
  for (const answer of answers) assert.equal(subjectOf(answer, 1), 'ann')
  const given = new Set(answers.flatMap((answer) => answer.sessionCookies))
  assert.equal(given.size, 1, 'every Set-Cookie is the same')
  for (const answer of answers) if (answer.sessionCookies.length > 0) assert.ok(answer.token)
  const token = answers.find((answer) => answer.token !== null)?.token ?? ''
  assert.notEqual(token, old)
  assert.deepEqual(await subjectBy(client, token), 'ann')
  assert.deepEqual(await subjectBy(client, old ?? ''), 'ann')
  assert.deepEqual(await subjectBy(client, token), 'ann')
  assert.equal(site.events.filter(({ type }) => type === 'token_reuse').length, 0)
  assert.equal(site.events.filter(({ type }) => type === 'session_renewed').length, 1)
}

function loginCases(group: Group): void {
  group.add(
    'requests in flight with the cookie of before a login change nothing after it',
    async (site) => {
      const client = site.client()
      await client.do(['set cart 3'])
      const before = client.token ?? ''
      const flights = [
        'me',
        'set cart 9',
        'count n',
        'unset cart',
        'csrf',
        'touch',
        'login eve',
      ].map((step) =>
        client.do([`wait login`, step], { cookie: `${COOKIE}=${before}`, dropCookies: true }),
      )
      await site.app.gates.arrivals('login', flights.length)
      assert.equal((await client.do(['login ann'])).status, 200)
      const after = client.token
      assert.notEqual(after, before)
      site.app.gates.open('login')
      for (const answer of await Promise.all(flights)) {
        assert.ok([200, 401].includes(answer.status), `${answer.status}`)
      }
      const { out } = await client.get(['me', 'get cart', 'get n'])
      assert.deepEqual(out.slice(1), ['3', null])
      assert.equal(subjectOf(await client.get(['me'])), 'ann')
    },
  )

  group.add('of those only another sign-in may give a cookie', async (site) => {
    const client = site.client()
    await client.do(['set cart 3'])
    const before = client.token ?? ''
    const cookie = `${COOKIE}=${before}`
    const steps = ['me', 'set cart 9', 'count n', 'unset cart', 'csrf', 'touch', 'rotate']
    const flights = steps.map((step) =>
      client.do(['wait login', step], { cookie, dropCookies: true }),
    )
    await site.app.gates.arrivals('login', flights.length)
    await client.do(['login ann'])
    site.app.gates.open('login')
    const late = steps.map((step) => client.do([step], { cookie, dropCookies: true }))
    for (const answer of await Promise.all([...flights, ...late])) {
      assert.deepEqual(answer.setCookies, [], `${answer.status} ${answer.body}`)
    }
    for (const step of ['me', 'verify x']) {
      assert.equal((await client.get([step], { cookie, dropCookies: true })).status, 200)
    }
    assert.equal(subjectOf(await client.get(['me'])), 'ann')
  })
}

async function renewed(site: Site): Promise<{ readonly client: Client; readonly old: string }> {
  const client = await site.signedIn()
  const old = client.token ?? ''
  site.clock.advance(RENEWAL)
  await client.get(['me'])
  assert.notEqual(client.token, old)
  assert.equal(subjectOf(await client.get(['me'])), 'ann')
  return { client, old }
}

async function subjectBy(client: Client, token: string): Promise<unknown> {
  const answer = await client.get(['me'], { cookie: `${COOKIE}=${token}`, dropCookies: true })
  return subjectOf(answer)
}

function subjectOf(answer: Answer, at = 0): unknown {
  const me = answer.out[at]
  return typeof me === 'object' && me !== null && 'subject' in me ? me['subject'] : undefined
}
