import assert from 'node:assert/strict'
import type { Answer } from '../client.js'
import { COOKIE } from '../client.js'
import type { Group } from '../define.js'

const TOKEN = '[0-9A-Za-z]{22}-[0-9A-Za-z]{43}-[0-9A-Za-z]+'
const NEW_COOKIE = new RegExp(`^${COOKIE}=${TOKEN}; Path=/; Secure; HttpOnly; SameSite=Lax$`)

/** A session exists from its first write on, costs a cookie once, and marks the responses that depend on it. */
export function lazinessCases(group: Group): void {
  group.add('a page that does not look at the session is left as it is', async (site) => {
    const answer = await site.client().get([])
    assert.equal(answer.status, 200)
    assertUnmarked(answer)
    assert.equal(site.store.calls(), 0)
    const signedIn = await site.signedIn()
    assertUnmarked(await signedIn.get([]))
  })

  group.add('reading starts nothing: no cookie, no record', async (site) => {
    const client = site.client()
    const answer = await client.get(['me', 'get cart', 'keys', 'verify nothing'])
    assert.deepEqual(answer.out, [{ id: null, subject: null }, null, [], false])
    assert.deepEqual(answer.setCookies, [])
    assertMarked(answer)
    assert.equal(site.store.calls(), 0)
  })

  group.add('the first write sets one cookie, with every attribute', async (site) => {
    const client = site.client()
    const first = await client.do(['set cart 3', 'set city Oslo'])
    assert.equal(first.setCookies.length, 1)
    assert.match(first.setCookies[0] ?? '', NEW_COOKIE)
    assertMarked(first)
    assert.equal(site.store.writes, 1)
    const second = await client.get(['get cart', 'get city'])
    assert.deepEqual(second.out, ['3', 'Oslo'])
    assert.deepEqual(second.setCookies, [])
    assertMarked(second)
    assert.equal(site.store.writes, 1)
  })

  group.add('later writes set no cookie, and take one store call each', async (site) => {
    const client = await site.signedIn()
    for (let round = 1; round <= 3; round++) {
      const before = site.store.writes
      const answer = await client.do([`set a ${round}`, 'set b 2', 'unset c', 'touch'])
      assert.deepEqual(answer.setCookies, [])
      assert.equal(site.store.writes, before + 1)
    }
    assert.deepEqual((await client.get(['get a'])).out, ['3'])
  })

  group.add('a write that sets what is removed again starts nothing lasting', async (site) => {
    const client = site.client()
    await client.do(['set a 1'])
    await client.do(['unset a'])
    assert.deepEqual((await client.get(['keys'])).out, [[]])
  })

  group.add('a request counts as activity once in a while, not each time', async (site) => {
    const client = await site.signedIn()
    const before = site.store.writes
    for (let count = 0; count < 5; count++) await client.get(['me'])
    assert.equal(site.store.writes, before)
    site.clock.advance(10 * 60_000)
    await client.get(['me'])
    await client.get(['me'])
    assert.equal(site.store.writes, before + 1)
  })

  markCases(group)
}

function markCases(group: Group): void {
  group.add('the cache headers are merged with those of the application', async (site) => {
    const client = await site.signedIn()
    const header = (line: string): string => `header=${encodeURIComponent(line)}`
    const own = `/json?${header('Vary:Accept-Language')}&${header('Cache-Control:public, max-age=600')}`
    const answer = await client.get(['me'], { path: own })
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.deepEqual(names(answer.headers.vary), ['accept-language', 'cookie'])
    const unused = await client.get([], { path: own })
    assert.equal(unused.headers['cache-control'], 'public, max-age=600')
    assert.deepEqual(names(unused.headers.vary), ['accept-language'])
  })

  group.add('a stricter Cache-Control and a Vary that covers all are kept', async (site) => {
    const client = await site.signedIn()
    const path = '/json?header=Vary:*&header=Cache-Control:no-store,%20private'
    const answer = await client.get(['me'], { path })
    assert.equal(answer.headers['cache-control'], 'no-store, private')
    assert.equal(answer.headers.vary, '*')
  })

  group.add('cookies of the application are kept beside ours', async (site) => {
    const path = '/json?header=Set-Cookie:own%3D1&header=Set-Cookie:two%3D2'
    const answer = await site.client().do(['set a 1'], { path })
    assert.deepEqual(answer.setCookies.slice(0, 2), ['own=1', 'two=2'])
    assert.match(answer.setCookies[2] ?? '', NEW_COOKIE)
    assert.equal(answer.setCookies.length, 3)
  })
}

/** The answer says that it is one visitor's own. */
export function assertMarked(answer: Answer): void {
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.ok(names(answer.headers.vary).includes('cookie'), 'Vary names Cookie')
}

function assertUnmarked(answer: Answer): void {
  assert.equal(answer.headers['cache-control'], undefined)
  assert.equal(answer.headers.vary, undefined)
  assert.deepEqual(answer.setCookies, [])
}

function names(vary: string | undefined): readonly string[] {
  return (vary ?? '').split(',').map((name) => name.trim().toLowerCase())
}
