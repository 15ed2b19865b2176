import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '@holdfast/memory'
import { asyncStore, Gate, interceptStore } from './support/stores.js'
import { request, wrong, World } from './support/world.js'

test('set, get, has, keys and unset, within a request and in the next', async () => {
  const world = new World()
  const browser = await world.anonymous({ a: 1, b: 2 })
  await browser.visit((session) => {
    session.set('c', 3)
    session.unset('a')
    session.set('b', null)
    assert.deepEqual([session.get('a'), session.get('b'), session.get('c')], [undefined, null, 3])
    assert.deepEqual([session.has('a'), session.has('b'), session.has('c')], [false, true, true])
    assert.deepEqual([...session.keys()].toSorted(), ['b', 'c'])
    session.set('a', 4)
    session.unset('a')
    session.unset('never')
    session.unset('c')
    session.set('c', 5)
  })
  await browser.visit((session) => {
    assert.deepEqual([...session.keys()].toSorted(), ['b', 'c'])
    assert.deepEqual([session.get('b'), session.get('c'), session.has('a')], [null, 5, false])
  })
})

test('100 requests at once that set 100 keys: 100 keys are kept, and of one key the last', async () => {
  for (const store of [memoryStore(), asyncStore()]) {
    const world = new World({ store })
    const browser = await world.anonymous()
    const opens = await Promise.all(Array.from({ length: 100 }, () => world.open(browser.token)))
    await Promise.all(
      opens.map(async (open, at) => {
        const session = world.sessionOf(open)
        session.set(`key${at}`, at)
        session.set('last', at)
        if (at % 10 === 0) session.unset('seen')
        await open.commit()
      }),
    )
    const { value } = await browser.visit((session) => [session.keys().length, session.get('last')])
    assert.deepEqual(value, [101, 99])
  }
})

test('keys of two applications on one store do not meet, except in the shared namespace', async () => {
  const store = memoryStore()
  const shop = new World({ store, namespace: 'shop' })
  const forum = new World({ store, namespace: 'forum' })
  const browser = await shop.anonymous({ theme: 'dark', cart: [1] })
  await request(forum, browser.token, (session) => {
    assert.deepEqual(session.keys(), [])
    session.set('theme', 'light')
    session.shared.set('language', 'cs')
    session.flash('note', 'of the forum')
  })
  await request(shop, browser.token, async (session) => {
    assert.equal(session.get('theme'), 'dark')
    assert.equal(session.shared.get('language'), 'cs')
    assert.equal(await session.takeFlash('note'), undefined)
    assert.equal(await session.shared.update('visits', (visits) => Number(visits ?? 0) + 1), 1)
    session.shared.unset('language')
    session.unset('cart')
  })
  await request(forum, browser.token, async (session) => {
    assert.deepEqual([session.keys(), session.shared.keys()], [['theme'], ['visits']])
    assert.deepEqual([session.shared.has('visits'), session.shared.has('theme')], [true, false])
    assert.equal(await session.takeFlash('note'), 'of the forum')
  })
})

test('keys that are no names are refused everywhere, and nothing is written', async () => {
  const world = new World()
  const browser = await world.anonymous()
  const bad = ['', '__proto__', '#version', '#flash:note', '#', 'a'.repeat(129), 'a\ud800']
  await browser.visit(async (session) => {
    for (const key of bad) {
      const invalid = { code: 'ERR_SESSION_DATA_INVALID' }
      assert.throws(() => session.set(key, 1), invalid)
      assert.throws(() => session.unset(key), invalid)
      assert.throws(() => session.get(key), invalid)
      assert.throws(() => session.has(key), invalid)
      assert.throws(() => session.flash(key, 1), invalid)
      assert.throws(() => session.shared.set(key, 1), invalid)
      await assert.rejects(() => session.update(key, () => 1), invalid)
    }
    for (const key of [undefined, null, 5, {}, ['a'], Symbol('a')]) {
      assert.throws(() => session.set(wrong<string>(key), 1), { name: 'TypeError' })
      assert.throws(() => session.get(wrong<string>(key)), { name: 'TypeError' })
    }
    session.set('a'.repeat(128), 1)
    session.set('proto', 1)
  })
  assert.equal((await world.record(browser.id)).data.size, 3)
})

test('fields of the session cannot be written through data', async () => {
  const world = new World()
  const browser = await world.anonymous()
  const reserved = [
    'subject',
    'id',
    'createdAt',
    'authenticatedAt',
    'methods',
    'expiresAt',
    'generation',
  ]
  const before = await world.record(browser.id)
  await browser.visit((session) => {
    for (const name of reserved) session.set(name, 'mallory')
  })
  const after = await world.record(browser.id)
  assert.deepEqual(after, { ...before, data: after.data, version: after.version })
  await browser.visit((session) => {
    for (const name of ['subject', 'id', 'createdAt', 'expiresAt'])
      assert.throws(() => Object.assign(session, { [name]: 'mallory' }), TypeError)
    assert.equal(session.subject, null)
  })
})

/** `app:k` and a JSON text of two quotes: what a value of no characters takes. */
const OVERHEAD = Buffer.byteLength('app:k""')

test('data of exactly maxDataBytes is kept, one byte more is refused whole, at every door', async () => {
  const world = new World({ maxDataBytes: 1000 })
  const fits = 'ä'.repeat((1000 - OVERHEAD - 1) / 2) + 'a'
  assert.equal(Buffer.byteLength(fits), 1000 - OVERHEAD)
  const tooLarge = {
    code: 'ERR_SESSION_DATA_TOO_LARGE',
    message: /would take 1001 bytes; maxDataBytes is 1000/,
    retryable: false,
  }
  const browser = await world.anonymous({ k: fits })
  await browser.visit((session) => assert.equal(session.get('k'), fits), {})
  await assert.rejects(() => world.anonymous({ k: `${fits}a` }), tooLarge, 'the first write')
  await assert.rejects(
    () => browser.visit((session) => session.set('k', `${fits}a`)),
    tooLarge,
    'a later one',
  )
  await assert.rejects(
    () => browser.visit((session) => session.update('k', () => `${fits}a`)),
    tooLarge,
  )
  const signIn = browser.visit(async (session) => {
    session.set('k', `${fits}a`)
    await session.authenticate('alice')
  })
  await assert.rejects(signIn, tooLarge)
  await assert.rejects(() => browser.visit((session) => session.shared.set('x', 1)), {
    code: 'ERR_SESSION_DATA_TOO_LARGE',
  })
  const { value } = await browser.visit((session) => [
    session.get('k'),
    session.shared.keys(),
    session.subject,
  ])
  assert.deepEqual(value, [fits, [], null])
  const other = `${fits.slice(0, -1)}b`
  await browser.visit((session) => session.set('k', other))
  await browser.visit(async (session) => {
    assert.equal(session.get('k'), other)
    assert.equal(await session.update('k', () => fits), fits)
  })
})

test('without the option, 64 KiB of data fit', async () => {
  const world = new World()
  const fits = 'a'.repeat(65_536 - OVERHEAD)
  await world.anonymous({ k: fits })
  await assert.rejects(() => world.anonymous({ k: `${fits}a` }), {
    code: 'ERR_SESSION_DATA_TOO_LARGE',
  })
})

test('what is too large does not take the rest of parallel update() calls with it', async () => {
  const world = new World({ maxDataBytes: 200 })
  const browser = await world.anonymous()
  const { value } = await browser.visit((session) =>
    Promise.allSettled([
      session.update('a', () => 1),
      session.update('b', () => 'x'.repeat(300)),
      session.update('c', () => 2),
    ]),
  )
  assert.deepEqual(
    value.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  await browser.visit((session) => assert.deepEqual([session.get('a'), session.get('c')], [1, 2]))
})

test('once the response has left, what would need it throws; update() and revoke() still work', async () => {
  const world = new World()
  const browser = await world.anonymous({ n: 1 })
  const open = await world.open(browser.token)
  const session = world.sessionOf(open)
  await open.commit()
  open.close()
  const late = { code: 'ERR_SESSION_RESPONSE_COMMITTED' }
  for (const work of [
    (): unknown => session.set('a', 1),
    (): unknown => session.unset('n'),
    (): unknown => session.flash('a', 1),
    (): unknown => session.touch(),
    (): unknown => session.shared.set('a', 1),
    (): unknown => session.shared.unset('a'),
  ])
    assert.throws(work, late)
  for (const work of [
    (): Promise<void> => session.authenticate('alice'),
    (): Promise<void> => session.rotate(),
  ])
    await assert.rejects(work, late)
  assert.equal(await session.update('n', (n) => Number(n) + 1), 2)
  assert.match(session.csrfToken(), /-/)
  await session.revoke()
  assert.equal(await world.whose(browser.token), 'revoked')
  const nobody = await world.open(null)
  nobody.close()
  assert.throws(() => world.sessionOf(nobody).csrfToken(), late)
  await assert.rejects(() => world.sessionOf(nobody).update('n', () => 1), late)
})

for (const [name, start] of [
  ['a sign-in', (session) => session.authenticate('alice')],
  ['a rotation', (session) => session.rotate()],
] satisfies [string, (session: ReturnType<World['sessionOf']>) => Promise<void>][]) {
  test(`what is set while ${name} is under way is kept`, async () => {
    const gate = new Gate()
    let held = false
    const store = interceptStore(memoryStore(), (method) =>
      held && method === 'update' ? gate.promise : undefined,
    )
    const world = new World({ store })
    const browser = await world.anonymous({ first: 1 })
    held = true
    await browser.visit(async (session) => {
      session.set('before', 1)
      const under = start(session)
      await new Promise((resolve) => setImmediate(resolve))
      session.set('meanwhile', 2)
      session.unset('first')
      gate.open()
      await under
      assert.deepEqual([session.get('before'), session.get('meanwhile')], [1, 2])
    })
    await browser.visit((session) => {
      assert.deepEqual([session.get('before'), session.get('meanwhile')], [1, 2])
      assert.equal(session.has('first'), false)
    })
  })
}
