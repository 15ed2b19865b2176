import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { NAVIGATION } from './lib/client.js'
import { noNginx, startWorld, type World } from './lib/world.js'

const SHORT = `[session]
idle_timeout = "3s"
renewal_timeout = "1s"
rotation_grace = "1s"
`

describe('ends and renewals behind nginx', { skip: noNginx }, () => {
  let world: World

  before(async () => {
    world = await startWorld({ daemon: SHORT })
  })
  after(() => world.stop())

  test('a renewed token reaches the browser once, with a page and with nothing else', async () => {
    const visitor = await world.visitor().signIn()
    await wait(1_200)
    assert.deepEqual((await visitor.ask('/echo/')).cookies, [], 'a script')
    assert.deepEqual((await visitor.ask('/assets/site.css')).cookies, [], 'a style sheet')
    const old = visitor.cookie
    const page = await visitor.ask('/', { headers: NAVIGATION })
    assert.equal(page.status, 200)
    assert.equal(page.cookies.length, 1)
    assert.notEqual(visitor.cookie, old)
    assert.deepEqual((await visitor.ask('/', { headers: NAVIGATION })).cookies, [])
    // A copy of the token that was replaced ends the session, once its grace is over.
    await wait(1_200)
    const copy = { headers: { Cookie: old ?? '' } }
    assert.equal((await visitor.ask('/echo/', copy)).status, 401)
    assert.equal((await visitor.ask('/echo/')).status, 401)
  })

  test('a session that nobody uses ends', async () => {
    const visitor = await world.visitor().signIn('demo2')
    assert.equal((await visitor.ask('/echo/')).status, 200)
    await wait(3_300)
    assert.equal((await visitor.ask('/echo/')).status, 401)
    assert.equal((await visitor.ask('/', { headers: NAVIGATION })).status, 302)
  })
})

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
