import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lmdbStore } from '@holdfast/lmdb'
import { ask, type Asked } from './support/ask.js'
import { breakable } from './support/broken-store.js'
import { freshPath } from './support/folders.js'
import { Visitor } from './support/visitor.js'
import { startWorld } from './support/world.js'

const SESSION = '/v1/session'
const faulty = breakable(lmdbStore(freshPath()))
const world = await startWorld({ store: faulty.store })
const { shop, blog, admin, monitor } = world

const times = <T>(count: number, each: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => each(at))

test('of 100 changes of different keys at once 100 survive (promise P3)', async () => {
  const visitor = new Visitor()
  await visitor.session(shop, 'POST', SESSION, {})
  const answers = await Promise.all(
    times(100, (at) =>
      visitor.ask(at % 2 === 0 ? shop : blog, 'PATCH', SESSION, {
        set: { [`own${at}`]: at },
        shared: { set: { [`shared${at}`]: at } },
      }),
    ),
  )
  for (const { status, text } of answers) assert.equal(status, 200, text)
  const ofShop = await visitor.session(shop, 'GET', SESSION)
  const ofBlog = await visitor.session(blog, 'GET', SESSION)
  assert.equal(Object.keys(ofShop.data).length + Object.keys(ofBlog.data).length, 100)
  assert.equal(Object.keys(ofShop.shared).length, 100)
})

test('a session that ends while 50 changes are on their way stays ended, 10 times (promise P2)', async () => {
  for (let round = 0; round < 10; round++) {
    const visitor = new Visitor()
    const { session } = await visitor.signIn(shop, 'karl')
    const patches = times(50, (at) =>
      visitor.ask(shop, 'PATCH', SESSION, { set: { [`k${at}`]: at } }),
    )
    const ended = ask(admin, 'POST', '/v1/revoke', { json: { session: session?.id } })
    const answers = await Promise.all(patches)
    assert.deepEqual((await ended).json, { count: 1 })
    // One that was refused says that the session has ended; none began another.
    for (const { status, text, headers } of answers) {
      assert.ok(status === 200 || status === 404, text)
      if (status === 404) assert.match(text, /ERR_SESSION_ENDED/)
      assert.equal(headers['set-cookie'], undefined)
    }
    const late = await visitor.ask(shop, 'PATCH', SESSION, { set: { late: 1 } })
    assert.equal(late.status, 404)
    assert.equal((await visitor.session(shop, 'GET', SESSION)).session, null)
  }
  const { json } = await ask(admin, 'GET', '/v1/sessions?subject=karl')
  assert.deepEqual(json, { sessions: [], next: null })
})

test('a change that is meant for one version is refused at another: one of 20 at once is made', async () => {
  const visitor = new Visitor()
  const { version } = await visitor.session(shop, 'POST', SESSION, {})
  const answers = await Promise.all(
    times(20, (at) =>
      visitor.ask(shop, 'PATCH', SESSION, { set: { winner: at }, ifVersion: version }),
    ),
  )
  const of = (status: number): readonly Asked[] => answers.filter((each) => each.status === status)
  assert.deepEqual([of(200).length, of(409).length], [1, 19])
  for (const { text } of of(409)) assert.match(text, /ERR_SESSION_CONFLICT/)
  const nothing = await visitor.ask(shop, 'PATCH', SESSION, { ifVersion: version })
  assert.equal(nothing.status, 400)
  assert.equal((await visitor.ask(shop, 'PATCH', SESSION, {})).status, 200)
})

test('while the store fails every operation is 503, never anonymous, and no cookie goes (promise P6)', async () => {
  const visitor = new Visitor()
  await visitor.signIn(shop, 'lea')
  const { cookie } = visitor
  faulty.broken = true
  const asked = [
    ['GET', SESSION, undefined],
    ['PATCH', SESSION, { set: { a: 1 } }],
    ['POST', `${SESSION}/touch`, undefined],
    ['POST', `${SESSION}/authenticate`, { subject: 'lea' }],
    ['POST', `${SESSION}/reauthenticate`, {}],
    ['POST', `${SESSION}/rotate`, undefined],
    ['POST', `${SESSION}/revoke`, {}],
    ['POST', `${SESSION}/revoke-others`, {}],
    ['POST', `${SESSION}/csrf-token`, undefined],
    ['POST', `${SESSION}/csrf-token/verify`, { token: 'x' }],
    ['GET', '/v1/sessions?subject=lea', undefined],
    ['POST', '/v1/sessions/revoke', { subject: 'lea' }],
  ] as const
  for (const [method, path, json] of asked) {
    const answer = await visitor.ask(shop, method, path, json)
    assert.equal(answer.status, 503, `${path}: ${answer.text}`)
    assert.match(answer.text, /ERR_SESSION_STORE_UNAVAILABLE/)
    assert.equal(answer.headers['retry-after'], '1')
  }
  assert.equal(visitor.cookie, cookie)
  // A request without a cookie needs the store as soon as it begins something.
  assert.equal((await new Visitor().ask(shop, 'POST', SESSION, {})).status, 503)
  faulty.broken = false
  assert.equal((await visitor.session(shop, 'GET', SESSION)).session?.subject, 'lea')
})

test('readiness is another question than health', async () => {
  world.ready = false
  for (const place of [monitor, admin]) {
    assert.deepEqual((await ask(place, 'GET', '/healthz')).json, { status: 'ok' })
    const answer = await ask(place, 'GET', '/readyz')
    assert.equal(answer.status, 503)
    assert.match(answer.text, /ERR_DAEMON_NOT_READY/)
  }
  world.ready = true
  assert.deepEqual((await ask(monitor, 'GET', '/readyz')).json, { status: 'ok' })
  assert.equal((await ask(monitor, 'HEAD', '/readyz')).text, '')
})
