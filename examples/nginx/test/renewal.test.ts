// @waits
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { pause, until } from '@holdfast/test-servers/wait'
import { NAVIGATION, type Visitor } from './lib/client.js'
import { assertionOf, heard } from './lib/echo.js'
import { noNginx, startWorld, type World } from './lib/world.js'

const SHORT = `[session]
idle_timeout = "6s"
renewal_timeout = "1s"
rotation_grace = "1s"
[check]
cache = "3s"
`

// They wait for the clock and not for each other. What one of them asks first is not yet in the cache: it holds an answer to an
// application about a cookie.
describe('the clock behind nginx', { skip: noNginx, concurrency: true }, () => {
  let world: World

  before(async () => {
    world = await startWorld({ daemon: SHORT, cache: 'cache' })
  })
  after(() => world.stop())

  test('rotated: the token reaches the browser once, with a page and with nothing else', async () => {
    const visitor = await world.visitor().signIn()
    await pause(1_200)
    assert.deepEqual((await visitor.ask('/echo/')).cookies, [], 'a script')
    assert.deepEqual((await visitor.ask('/assets/site.css')).cookies, [], 'a style sheet')
    const old = visitor.cookie
    const page = await visitor.ask('/', { headers: NAVIGATION })
    assert.equal(page.status, 200)
    assert.equal(page.cookies.length, 1)
    assert.notEqual(visitor.cookie, old)
    assert.deepEqual((await visitor.ask('/', { headers: NAVIGATION })).cookies, [])
    // A copy of the token that was replaced ends the session, once its grace is over.
    await pause(1_200)
    const copy = { headers: { Cookie: old ?? '' } }
    assert.equal((await visitor.ask('/panel/', copy)).status, 401)
    assert.equal((await visitor.ask('/panel/')).status, 401)
  })

  test('rotated: nobody else may keep a page that brings a token, whatever its application says', async () => {
    const visitor = await world.visitor().signIn()
    await pause(1_200)
    const path = '/echo/?header=Cache-Control:public,%20max-age=600'
    const { cookies, headers } = await visitor.ask(path, { headers: NAVIGATION })
    assert.equal(cookies.length, 1)
    assert.match(headers['cache-control'] ?? '', /no-store/)
    assert.doesNotMatch((await visitor.ask(path)).headers['cache-control'] ?? '', /no-store/)
  })

  test('rotated: where the application gives a token of its own, that is the only one', async () => {
    const visitor = await world.visitor().signIn()
    const { cookie } = visitor
    const [name = ''] = cookie?.split('=') ?? []
    await pause(1_200)
    const path = `/echo/?header=Set-Cookie:${name}%3Dof-the-application`
    const page = await visitor.ask(path, { headers: { ...NAVIGATION, Cookie: cookie ?? '' } })
    assert.deepEqual(page.cookies, [`${name}=of-the-application`])
    // A cookie of another name is the application's own affair.
    const other = `/broken/../echo/?header=Set-Cookie:x${name}%3D1`
    const both = await visitor.ask(other, { headers: { ...NAVIGATION, Cookie: cookie ?? '' } })
    assert.equal(both.cookies.length, 2)
  })

  test('rotated: an answer that brings a token is not kept for the next one', async () => {
    const visitor = await world.visitor().signIn()
    const headers = { ...NAVIGATION, Cookie: visitor.cookie ?? '' }
    await pause(1_200)
    assert.equal((await visitor.ask('/echo/', { headers })).cookies.length, 1)
    // Whoever has the old token once its grace is over would still be let in by what was kept, and given the new one.
    assert.equal((await visitor.ask('/panel/')).status, 200)
    await pause(1_200)
    const copied = await world.visitor().ask('/echo/', { headers })
    assert.deepEqual([copied.status, copied.cookies], [302, []])
    const stranger = await world.visitor().ask('/echo/', { headers: NAVIGATION })
    assert.deepEqual([stranger.status, stranger.cookies], [302, []])
  })

  test('expired: a session that nobody uses ends', async () => {
    const visitor = await world.visitor().signIn('demo2')
    assert.equal((await visitor.ask('/echo/')).status, 200)
    await pause(6_300)
    assert.equal((await visitor.ask('/echo/')).status, 401)
    assert.equal((await visitor.ask('/', { headers: NAVIGATION })).status, 302)
  })

  test('cached: an answer is kept for the visitor alone, and a revocation lags by no more than was said', async () => {
    const visitor = await world.visitor().signIn()
    let first = await assertion(visitor)
    const isKept = async (): Promise<boolean> => {
      first = await assertion(visitor)
      // A new one would have been made in another second.
      await pause(1_200)
      return isDeepStrictEqual(await assertion(visitor), first)
    }
    await until(isKept, 'it comes from the cache')
    await assertOthersAreAsked(visitor, first)
    await world.admin.revoke({ session: String(first['sid']) }, 'stolen')
    assert.equal((await visitor.ask('/echo/', { method: 'POST' })).status, 401, 'unsafe: at once')
    assert.equal((await visitor.ask('/panel/')).status, 401, 'another application: at once')
    await until(async () => (await visitor.ask('/echo/')).status === 401, 'it is refused', 10_000)
  })

  /** Nobody else gets what is kept: not with another cookie, a part of this one, more of them, or from another place. */
  async function assertOthersAreAsked(
    visitor: Visitor,
    kept: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const cookie = visitor.cookie ?? ''
    const other = await world.visitor().signIn('demo2')
    assert.equal((await assertion(other))['sub'], 'demo2')
    const half = { headers: { Cookie: cookie.slice(0, -1) } }
    assert.equal((await visitor.ask('/echo/', half)).status, 401, 'a part of the cookie')
    const pair = [cookie, other.cookie ?? '']
    for (const Cookie of [pair.join('; '), pair, pair.toReversed()])
      assert.equal((await visitor.ask('/echo/', { headers: { Cookie } })).status, 401, 'both')
    assert.equal((await world.visitor().ask('/echo/')).status, 401, 'none')
    // The end of one value and the beginning of the next do not run into each other.
    const split = { 'User-Agent': cookie.slice(0, 20), Cookie: cookie.slice(20) }
    assert.equal((await visitor.ask('/echo/', { headers: split })).status, 401, 'in two headers')
    const agent = await visitor.ask('/echo/', { headers: { 'User-Agent': 'another' } })
    assert.ok(Number(assertionOf(heard(agent.body))['iat']) > Number(kept['iat']), 'another agent')
  }
})

async function assertion(visitor: Visitor): Promise<Readonly<Record<string, unknown>>> {
  return assertionOf(heard((await visitor.ask('/echo/')).body))
}
