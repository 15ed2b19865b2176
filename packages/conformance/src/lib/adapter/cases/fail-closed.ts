import assert from 'node:assert/strict'
import { SessionError } from '@holdfast/core'
import type { Answer } from '../client.js'
import type { Group } from '../define.js'
import type { Site, SiteSettings } from '../site.js'
import type { Fault, StoreOperation } from '../spy-store.js'

const TIMEOUT = 450

const FAULTS: Readonly<Record<string, Fault>> = {
  throws: () => {
    throw new Error('the disk is gone')
  },
  rejects: () => Promise.reject(new Error('the network is gone')),
  hangs: () => new Promise(() => undefined),
  'rejects when nobody waits any more': () =>
    new Promise((_, reject) => {
      setTimeout(() => reject(new Error('much too late')), TIMEOUT + 150)
    }),
  'says that its data is corrupt': () => {
    throw new SessionError('ERR_SESSION_STORE_CORRUPT', 'a record cannot be read')
  },
}

/** Nothing is remembered in the process: each request asks the store. */
const SETTINGS: SiteSettings = { sessions: { cacheSize: 0 } }

/** For a store that does not answer in time. */
const IMPATIENT: SiteSettings = { sessions: { cacheSize: 0, storeTimeout: TIMEOUT } }

/** A store in trouble: the request is refused, and nothing of the session is given away or taken away (P6). */
export function failClosedCases(group: Group): void {
  for (const [name, fault] of Object.entries(FAULTS)) {
    const settings = /hangs|waits/.test(name) ? IMPATIENT : SETTINGS
    group.add(
      `a store that ${name} is answered with 503 when a session is opened`,
      (site) => refusesToOpen(site, fault),
      settings,
    )
    group.add(
      `a store that ${name} is answered with 503 when a change is to be stored`,
      (site) => refusesToCommit(site, fault),
      settings,
    )
  }

  group.add(
    "another session's record is never served",
    async (site) => {
      const [ann, bob] = [await site.signedIn('ann'), await site.signedIn('bob')]
      const record = await site.store.find((await bob.get(['me'])).sessionId)
      site.store.break(['find'], () => record)
      assertRefused(await ann.get(['me']))
      site.store.mend()
      assert.equal((await ann.get(['me'])).status, 200)
    },
    SETTINGS,
  )

  group.add(
    'an epoch that cannot be read fails the sign-in and nothing else',
    async (site) => {
      const client = await site.signedIn()
      site.store.break(['epoch'], () => Promise.reject(new Error('gone')))
      assert.equal((await client.get(['me'])).status, 200)
      assert.equal((await client.do(['set a 1'])).status, 200)
      assertRefused(await site.client().do(['login bob']))
      assertRefused(await site.client().do(['set a 1']))
      site.store.mend()
      assert.equal((await site.client().do(['login bob'])).status, 200)
    },
    SETTINGS,
  )

  group.add(
    'anonymous pages that need no store are served while it is down',
    async (site) => {
      site.store.break(['find', 'insert', 'update', 'revoke'], FAULTS['rejects'] ?? fail)
      assert.deepEqual((await site.client().get(['me'])).out, [{ id: null, subject: null }])
    },
    SETTINGS,
  )

  if (group.suite.nodeResponse === true) {
    for (const script of ['stubborn', 'stubborn-pipe']) {
      group.add(
        `an application that goes on writing cannot add to the refusal (${script})`,
        (site) => refusesStubborn(site, script),
        SETTINGS,
      )
    }
  }
}

async function refusesToOpen(site: Site, fault: Fault): Promise<void> {
  const client = await site.signedIn()
  const { requests } = site.app
  site.store.break(['find'], fault)
  const asked = [[], ['me'], ['set a 1'], ['logout']].map((steps) => client.do(steps))
  for (const answer of await Promise.all(asked)) assertRefused(answer)
  assert.equal(site.app.requests, requests, 'the application is not asked')
  assert.equal(site.events.filter(({ type }) => type === 'store_failed').length, 4)
  site.store.mend()
  const back = await client.get(['me', 'get a'])
  assert.equal(back.out[1], null)
  assert.deepEqual(back.setCookies, [])
}

async function refusesToCommit(site: Site, fault: Fault): Promise<void> {
  const client = await site.signedIn()
  await client.do(['set a old'])
  const writing: readonly StoreOperation[] = ['insert', 'update', 'revoke']
  site.store.break(writing, fault)
  const asked = ['/json', '/stream', '/redirect', '/empty?status=204', '/throw'].flatMap((path) => [
    client.do(['set a new'], { path }),
    site.client().do(['set a new'], { path }),
  ])
  const steps = ['login ann', 'reauthenticate', 'rotate', 'logout', 'count n']
  asked.push(site.client().do(['login ann']), ...steps.map((step) => client.do([step])))
  for (const answer of await Promise.all(asked)) assertRefused(answer)
  assert.equal((await client.get(['me'])).status, 200, 'reading goes on')
  site.store.mend()
  assert.deepEqual((await client.get(['get a', 'get n'])).out, ['old', null])
  assert.equal((await client.do(['set a new'])).status, 200)
  assert.deepEqual((await client.get(['get a'])).out, ['new'])
}

async function refusesStubborn(site: Site, script: string): Promise<void> {
  const client = await site.signedIn()
  site.store.break(['update'], FAULTS['rejects'] ?? fail)
  const asked = client.do(['set a 1'], { path: `/node/${script}` })
  if (script === 'stubborn') site.app.gates.arrivals('stubborn').catch(fail)
  const answer = await asked
  assertRefused(answer)
  assert.equal(answer.headers['x-own'], undefined)
  site.app.gates.open('stubborn')
  await site.app.gates.wait('stubborn-done')
  site.store.mend()
  assert.equal((await client.get(['me'])).status, 200)
}

function fail(): never {
  throw new Error('a fault is missing')
}

/** Refused, with nothing of the application's and no word on the cookie. */
function assertRefused(answer: Answer): void {
  assert.equal(answer.status, 503, answer.body.slice(0, 200))
  // A framework's last error handler, which stands in where the application's own had its turn, shows no code.
  assert.match(answer.code, /^(?:ERR_SESSION_STORE_[A-Z]+|none)$/)
  assert.deepEqual(answer.setCookies, [])
  assert.equal(answer.headers['location'], undefined)
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.ok(!answer.body.includes('"out"') && !answer.body.includes('of the application'))
  assert.ok(!/a{20}/.test(answer.body), 'nothing of the stream')
}
