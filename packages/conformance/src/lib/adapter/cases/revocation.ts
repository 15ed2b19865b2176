import assert from 'node:assert/strict'
import type { Answer } from '../client.js'
import type { Group } from '../define.js'
import type { Site, SiteSettings } from '../site.js'
import type { StoreOperation } from '../spy-store.js'

interface Race {
  readonly name: string
  /** What the request does once the logout has been acknowledged. */
  readonly steps: readonly string[]
  /** Whether the token is due for renewal when the request comes in. */
  readonly renewal?: boolean
  /** Fewer rounds: a variation of another race. */
  readonly brief?: boolean
  /** Statuses that the request in flight may be answered with. */
  readonly statuses: readonly number[]
}

const RACES: readonly Race[] = [
  { name: 'a slow writer', steps: ['set a 1'], statuses: [401] },
  { name: 'a slow reader', steps: ['get a', 'me'], statuses: [200] },
  { name: 'a toucher', steps: ['touch'], statuses: [200] },
  { name: 'a renewal', steps: ['get a'], renewal: true, statuses: [200] },
  { name: 'a rotation', steps: ['rotate'], brief: true, statuses: [401] },
  { name: 'an update', steps: ['count n'], brief: true, statuses: [401] },
  { name: 'a fresh proof', steps: ['reauthenticate'], brief: true, statuses: [401] },
]

const RENEWAL = 60_000
const AT_ONCE = 25
const SETTINGS: SiteSettings = { sessions: { renewalTimeout: RENEWAL } }

/** What has ended stays ended, whatever was in flight (P2). */
export function revocationCases(group: Group): void {
  const most = group.suite.revocationRounds ?? 200
  for (const race of RACES) {
    const rounds = race.brief === true ? Math.ceil(most / 8) : most
    group.add(
      `0 of ${rounds} sessions come back by ${race.name} that the logout overtook`,
      async (site) => {
        for (let done = 0; done < rounds; done += AT_ONCE) {
          const subjects = Array.from(
            { length: Math.min(AT_ONCE, rounds - done) },
            (_, at) => `u${done + at}`,
          )
          await Promise.all(subjects.map((subject) => overtaken(site, race, subject)))
        }
      },
      SETTINGS,
    )
  }

  for (const [name, operation, steps] of [
    ['a write', 'update', ['set a 1']],
    ['a renewal', 'update', ['get a']],
    ['an update', 'update', ['count n']],
  ] as const) {
    group.add(
      `${name} that is on its way to the store when the logout is acknowledged is refused there`,
      (site) => overtakenInStore(site, operation, steps),
      SETTINGS,
    )
  }

  logoutCases(group)
}

async function overtaken(site: Site, race: Race, subject: string): Promise<void> {
  const client = await site.signedIn(subject)
  const old = client.token
  if (race.renewal === true) site.clock.advance(RENEWAL)
  const gate = `gate-${subject}`
  const flight = client.do([`wait ${gate}`, ...race.steps])
  await site.app.gates.arrivals(gate)
  const out = site.client()
  out.jar.set('__Host-session', old ?? '')
  assert.equal((await out.do(['logout'])).status, 200)
  assert.equal(out.token, null, 'the logout deletes the cookie')
  site.app.gates.open(gate)
  await assertOver(site, race, await flight, old)
  // The browser of the slow request has applied whatever cookie came with it.
  assert.deepEqual((await client.get(['me'])).out, [NOBODY])
}

const NOBODY = { id: null, subject: null }

async function assertOver(
  site: Site,
  race: Pick<Race, 'statuses'>,
  answer: Answer,
  old: string | null,
): Promise<void> {
  assert.ok(race.statuses.includes(answer.status), `${answer.status} ${answer.code}`)
  const visitor = site.client()
  assert.deepEqual(await visitor.subjectBy(old), NOBODY)
  assert.equal(answer.token, null, 'no cookie is given for a session that is over')
  const info = await site.sessions.get(old?.split('-')[0] ?? '')
  assert.equal(info?.reason, 'logout')
}

async function overtakenInStore(
  site: Site,
  operation: StoreOperation,
  steps: readonly string[],
): Promise<void> {
  const client = await site.signedIn()
  const old = client.token
  site.clock.advance(RENEWAL)
  let first = true
  site.store.break([operation], async (run) => {
    if (first) {
      first = false
      await site.app.gates.wait('store')
    }
    return run()
  })
  const flight = client.do(steps)
  await site.app.gates.arrivals('store')
  await site.sessions.revokeAll('ann', { reason: 'logout' })
  site.app.gates.open('store')
  await assertOver(site, { statuses: [200, 401] }, await flight, old)
}

function logoutCases(group: Group): void {
  group.add('a logout ends the session on the server and deletes the cookie', async (site) => {
    const client = await site.signedIn()
    const old = client.token
    const answer = await client.do(['logout', 'me'])
    assert.deepEqual(answer.out, [null, NOBODY])
    assert.deepEqual(answer.setCookies, [
      '__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    ])
    assert.deepEqual(await client.subjectBy(old), NOBODY)
    assert.deepEqual(site.takeRejections(), ['revoked'])
  })

  group.add('a logout without a session sets no cookie', async (site) => {
    assert.deepEqual((await site.client().do(['logout'])).setCookies, [])
  })

  group.add('a logout that is repeated is harmless', async (site) => {
    const client = await site.signedIn()
    const cookie = `__Host-session=${client.token ?? ''}`
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.do(['logout'], { cookie })),
    )
    for (const answer of answers) {
      assert.equal(answer.status, 200)
      assert.equal(answer.token, null)
    }
    const ended = site.events.filter(({ type }) => type === 'session_revoked')
    assert.ok(ended.length >= 1)
  })

  group.add('what is written after a logout belongs to a new, anonymous session', async (site) => {
    const client = await site.signedIn()
    await client.do(['set secret 1'])
    const old = client.token
    const answer = await client.do(['logout', 'set notice bye'])
    assert.notEqual(answer.token, null)
    assert.notEqual(answer.token, old)
    assert.deepEqual((await client.get(['keys'])).out, [['notice']])
    assert.deepEqual(await client.subjectBy(old), NOBODY)
  })
}
