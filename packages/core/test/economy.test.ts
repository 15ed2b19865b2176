import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '@holdfast/core/engine'
import { asyncStore, type CountedStore, countedStore, pullStore } from './support/stores.js'
import {
  type AnyData,
  type Browser,
  HOUR,
  MINUTE,
  request,
  SECOND,
  World,
  type WorldOptions,
} from './support/world.js'

type Work = (session: Session<AnyData>) => unknown

interface Setting {
  readonly world: World
  readonly counted: CountedStore
  readonly browser: Browser
}

/** A signed-in browser with some data, its calls counted from here on. */
async function setting(options: WorldOptions = {}): Promise<Setting> {
  const counted = countedStore(options.store)
  const world = new World({ renewalTimeout: Infinity, ...options, store: counted.store })
  const browser = await world.signedIn()
  await browser.visit((session) => session.set('cart', ['a']))
  counted.take()
  return { world, counted, browser }
}

async function costs(work: Work, options: WorldOptions = {}): Promise<string> {
  const { counted, browser } = await setting(options)
  await browser.visit(async (session) => {
    await work(session)
  })
  return counted.take()
}

const read: Work = (session) => {
  assert.equal(session.subject, 'alice')
  assert.deepEqual(session.get('cart'), ['a'])
  session.has('x')
  session.keys()
  session.isFresh({ maxAge: HOUR })
  session.verifyCsrfToken(session.csrfToken())
  JSON.stringify(session)
}

/** What a first request of its kind costs: the check, and what it did. */
const prices: readonly (readonly [string, Work, string])[] = [
  ['nothing at all', () => undefined, 'find 1'],
  ['reading everything there is to read', read, 'find 1'],
  ['one write', (session) => session.set('a', 1), 'find 1, update 1'],
  [
    'many writes',
    (session) => {
      for (let at = 0; at < 50; at++) session.set(`key${at}`, at)
      session.unset('cart')
      session.flash('note', 'x')
      session.shared.set('theme', 'dark')
      session.touch()
    },
    'find 1, update 1',
  ],
  ['touch()', (session) => session.touch(), 'find 1, update 1'],
  ['signing in again', (session) => session.authenticate('alice'), 'find 1, update 1'],
  ['proving oneself again', (session) => session.reauthenticate(), 'find 1, update 1'],
  [
    'writing and proving oneself again',
    async (session) => {
      session.set('a', 1)
      await session.reauthenticate()
    },
    'find 1, update 1',
  ],
  ['a change of privilege', (session) => session.rotate(), 'find 1, update 1'],
  ['signing out', (session) => session.revoke(), 'find 1, revoke 1'],
  ['ending the other sessions', (session) => session.revokeOthers(), 'find 1, revoke 1'],
  ['update()', (session) => session.update('n', () => 1), 'find 2, update 1'],
  ['another subject', (session) => session.authenticate('bob'), 'insert 1, find 1, revoke 1'],
]
for (const [name, work, price] of prices) {
  test(`store calls of a request that does ${name}: ${price}`, async () => {
    assert.equal(await costs(work), price)
    assert.equal(await costs(work, { store: pullStore() }), price, 'on a store that does not push')
    assert.equal(await costs(work, { store: asyncStore() }), price, 'on a store that answers later')
  })
}

test('taking a flash value that is not there writes nothing', async () => {
  const { world, browser } = await setting()
  const before = await world.record(browser.id)
  await browser.visit((session) => session.takeFlash('note'))
  assert.equal((await world.record(browser.id)).version, before.version)
  assert.ok(!(await costs((session) => session.takeFlash('note'))).includes('update'))
})

test('update() with a function that leaves the value as it is writes nothing', async () => {
  assert.ok(!(await costs((session) => session.update('cart', (cart) => cart))).includes('update'))
})

test('update() with a function that leaves nothing there writes nothing', async () => {
  assert.ok(
    !(await costs((session) => session.update('nothing', () => undefined))).includes('update'),
  )
})

test('100 requests of an unchanged session on a store that pushes: one look in all', async () => {
  const { counted, browser, world } = await setting()
  for (let count = 0; count < 100; count++) {
    await browser.visit(read)
    world.clock.at += 10
  }
  assert.equal(counted.take(), 'find 1')
})

test('on a store that does not push, every request looks once', async () => {
  const { counted, browser } = await setting({ store: pullStore() })
  for (let count = 0; count < 10; count++) await browser.visit(read)
  assert.equal(counted.take(), 'find 10')
})

test('what is remembered is confirmed after 5 s, and not remembered at all with a cache of 0', async () => {
  const { counted, browser, world } = await setting()
  await browser.visit(read)
  world.clock.at += 5 * SECOND
  await browser.visit(read)
  assert.equal(counted.take(), 'find 1')
  world.clock.at += 1
  await browser.visit(read)
  assert.equal(counted.take(), 'find 1')
  const without = await setting({ cacheSize: 0 })
  await without.browser.visit(read)
  await without.browser.visit(read)
  assert.equal(without.counted.take(), 'find 2')
})

test('data, touch and renewal that are due together are one write; what follows finds nothing due', async () => {
  const { counted, browser, world } = await setting({ renewalTimeout: 15 * MINUTE })
  world.clock.at += 20 * MINUTE
  const { action } = await browser.visit((session) => session.set('a', 1))
  assert.equal(action.kind, 'set')
  assert.equal(counted.take(), 'find 1, update 1')
  await browser.visit((session) => session.set('b', 1))
  assert.equal(counted.take(), 'find 1, update 1', 'the start of the grace rides along')
  await browser.visit(() => undefined)
  counted.take()
  await browser.visit(() => undefined)
  assert.equal(counted.take(), 'none')
  const { lastSeenAt, previous, data } = await world.record(browser.id)
  assert.equal(lastSeenAt, world.clock.at)
  assert.equal(previous?.supersededAt, world.clock.at)
  assert.deepEqual([...data.keys()].toSorted(), ['app:a', 'app:b', 'app:cart'])
})

test('a request with the old token of a renewal, before its successor was presented, writes nothing', async () => {
  const { counted, browser, world } = await setting({ renewalTimeout: 15 * MINUTE })
  const { token } = browser
  world.clock.at += 15 * MINUTE
  await browser.visit(() => undefined)
  counted.take()
  const { action } = await request(world, token, read)
  assert.equal(action.kind, 'set')
  assert.equal(counted.take(), 'find 1')
})

test('a second commit of a request writes only what came after the first', async () => {
  const { counted, browser, world } = await setting()
  const open = await world.open(browser.token)
  const session = world.sessionOf(open)
  session.set('a', 1)
  await open.commit()
  counted.take()
  await open.commit()
  assert.equal(counted.take(), 'none')
  session.set('b', 1)
  await open.commit()
  assert.equal(counted.take(), 'update 1')
})

/** What an anonymous visitor's request costs, and whether it sets a cookie. */
const visits: readonly (readonly [string, Work, string])[] = [
  [
    'reads',
    (session) => [session.get('a'), session.keys(), session.isFresh({ maxAge: 1 })],
    'none',
  ],
  ['touches', (session) => session.touch(), 'none'],
  ['removes what is not there', (session) => session.unset('a'), 'none'],
  [
    'removes what it has just written',
    (session) => {
      session.set('a', 1)
      session.unset('a')
    },
    'none',
  ],
  ['rotates', (session) => session.rotate(), 'none'],
  ['signs out', (session) => session.revoke(), 'none'],
  ['takes a flash value', (session) => session.takeFlash('a'), 'none'],
  ['updates nothing to nothing', (session) => session.update('a', () => undefined), 'none'],
  ['verifies a CSRF token', (session) => session.verifyCsrfToken('x'), 'none'],
  ['writes', (session) => session.set('a', 1), 'insert 1'],
  ['updates', (session) => session.update('a', () => 1), 'insert 1'],
  ['asks for a CSRF token', (session) => session.csrfToken(), 'insert 1'],
  ['signs in', (session) => session.authenticate('alice'), 'insert 1'],
  [
    'writes and signs in',
    async (session) => {
      session.set('a', 1)
      session.csrfToken()
      await session.authenticate('alice')
    },
    'insert 1',
  ],
]
for (const [name, work, price] of visits) {
  test(`a visitor without a session who ${name}: ${price}`, async () => {
    const counted = countedStore()
    const world = new World({ store: counted.store })
    const { action } = await request(world, null, async (session) => {
      await work(session)
    })
    assert.equal(counted.take(), price)
    assert.equal(action.kind, price === 'none' ? 'none' : 'set')
  })
}
