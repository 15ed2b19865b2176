import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionsOptions, JsonValue } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { asyncStore } from './support/stores.js'
import { type AnyData, type Browser, request, wrong, World } from './support/world.js'

type Migrate = NonNullable<SessionsOptions<AnyData>['migrate']>

/** Version 2 holds the cart as an object and no longer holds `old`. */
const toVersion2: Migrate = ({ cart, old: _, ...rest }, from) => ({
  ...rest,
  cart: { items: cart ?? [], from },
})
const version1: AnyData = { cart: ['a'], theme: 'dark', old: true }

interface Deployed {
  readonly before: World
  readonly after: World
  readonly browser: Browser
}

/** A session of the old code, met by the new. */
async function deployed(
  migrate: Migrate = toVersion2,
  data: AnyData = version1,
  from?: number,
): Promise<Deployed> {
  const store = memoryStore()
  const before = new World({ store, ...(from === undefined ? {} : { dataVersion: from }) })
  const after = new World({ store: asyncStore(store), dataVersion: 2, migrate })
  const { token } = await before.anonymous(data)
  const browser = await after.anonymous({ other: 1 })
  browser.jar = token
  return { before, after, browser }
}

function textsOf(record: { readonly data: ReadonlyMap<string, string> }): Record<string, string> {
  return Object.fromEntries(record.data)
}

const whole = (session: {
  keys(): readonly string[]
  get(key: string): JsonValue | undefined
}): AnyData => Object.fromEntries(session.keys().map((key) => [key, session.get(key) ?? null]))

test('data of an older version is read in the new shape; a request that only reads writes nothing', async () => {
  const { browser, before } = await deployed()
  const stored = await before.record(browser.id)
  for (let count = 0; count < 2; count++) {
    const { value } = await browser.visit(whole)
    assert.deepEqual(value, { cart: { items: ['a'], from: 0 }, theme: 'dark' })
  }
  assert.deepEqual(await before.record(browser.id), stored)
})

test('the first request that changes something writes the new shape whole, with its version', async () => {
  const { browser, after } = await deployed()
  await browser.visit((session) => {
    session.get('theme')
    session.set('theme', 'light')
  })
  assert.deepEqual(textsOf(await after.record(browser.id)), {
    'app:cart': '{"items":["a"],"from":0}',
    'app:theme': '"light"',
    'app:#version': '2',
  })
  const { value } = await browser.visit(whole)
  assert.deepEqual(value, { cart: { items: ['a'], from: 0 }, theme: 'light' }, 'and not once more')
})

test('a request that writes without reading migrates too', async () => {
  for (const write of ['set', 'unset', 'update'] as const) {
    const { browser } = await deployed()
    await browser.visit(async (session) => {
      if (write === 'set') session.set('late', 1)
      else if (write === 'unset') session.unset('theme')
      else await session.update('late', () => 1)
    })
    const { value } = await browser.visit((session) => [session.get('cart'), session.get('old')])
    assert.deepEqual(value, [{ items: ['a'], from: 0 }, undefined], write)
  }
})

test('a request that writes only shared data or a flash value leaves the rest to be migrated', async () => {
  const { browser } = await deployed()
  await browser.visit((session) => {
    session.shared.set('language', 'cs')
    session.flash('note', 'x')
  })
  await browser.visit((session) => session.takeFlash('note'))
  const { value } = await browser.visit(whole)
  assert.deepEqual(value, { cart: { items: ['a'], from: 0 }, theme: 'dark' })
})

test('a sign-in that keeps the data keeps it readable', async () => {
  const { browser } = await deployed()
  await browser.visit(async (session) => {
    session.set('late', 1)
    await session.authenticate('alice')
  })
  const { value } = await browser.visit((session) => [session.get('cart'), session.get('late')])
  assert.deepEqual(value, [{ items: ['a'], from: 0 }, 1])
})

test('the hook is told the version that the data is of', async () => {
  const seen: number[] = []
  const migrate: Migrate = (data, from) => {
    seen.push(from)
    return data
  }
  const { browser } = await deployed(migrate, version1, 1)
  await browser.visit(whole)
  assert.deepEqual(seen, [1])
})

test('data of this version, new sessions and sessions of other applications are not migrated', async () => {
  let calls = 0
  const migrate: Migrate = (data) => {
    calls += 1
    return data
  }
  const store = memoryStore()
  const world = new World({ store, dataVersion: 2, migrate })
  const browser = await world.anonymous({ cart: { items: [] } })
  await browser.visit(whole)
  const foreign = await new World({ store, namespace: 'forum' }).anonymous({ cart: 1 })
  await request(world, foreign.token, whole)
  await request(world, null, whole)
  assert.equal(calls, 0)
})

test('data of a newer version is refused by older code, reading and writing, and stays as it is', async () => {
  const { browser, before } = await deployed(toVersion2, version1, 3)
  const stored = await before.record(browser.id)
  const newer = { code: 'ERR_SESSION_DATA_INVALID', message: /version 3, newer than this code's 2/ }
  await browser.visit(async (session) => {
    assert.throws(() => session.get('cart'), newer)
    assert.throws(() => session.get('cart'), newer, 'at the second try too')
    assert.throws(() => session.keys(), newer)
    await assert.rejects(() => session.update('theme', () => 'x'), newer)
  })
  await assert.rejects(() => browser.visit((session) => session.set('theme', 'x')), newer)
  await assert.rejects(() => browser.visit((session) => session.unset('theme')), newer)
  assert.deepEqual(await before.record(browser.id), stored)
})

test('20 requests that increment old data at once lose none', async () => {
  const migrate: Migrate = (data) => ({ ...data, n: Number(data['n'] ?? 0) * 100 })
  const { browser, after } = await deployed(migrate, { n: 1 })
  await Promise.all(
    Array.from({ length: 20 }, () =>
      request(after, browser.token, (session) => session.update('n', (n) => Number(n) + 1)),
    ),
  )
  const { value } = await browser.visit((session) => session.get('n'))
  assert.equal(value, 120)
})

test('20 requests that set different keys of old data at once lose none', async () => {
  const { browser, after } = await deployed()
  await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      request(after, browser.token, (session) => {
        session.get('cart')
        session.set(`key${at}`, at)
        if (at === 7) session.set('theme', 'light')
      }),
    ),
  )
  const { value } = await browser.visit(whole)
  const expected: AnyData = { cart: { items: ['a'], from: 0 }, theme: 'light' }
  for (let at = 0; at < 20; at++) expected[`key${at}`] = at
  assert.deepEqual(value, expected)
})

test('a request that migrates does not undo what another has written since', async () => {
  const { browser, after } = await deployed()
  const slow = await after.open(browser.token)
  const session = after.sessionOf(slow)
  session.get('cart')
  await browser.visit((fast) => {
    fast.get('cart')
    fast.set('cart', { items: ['b'] })
  })
  session.set('late', 1)
  await slow.commit()
  const { value } = await browser.visit((later) => [later.get('cart'), later.get('late')])
  assert.deepEqual(value, [{ items: ['b'] }, 1])
})

const bad: Readonly<Record<string, unknown>> = {
  'is asynchronous': async (data: AnyData) => data,
  'is asynchronous and fails': () => Promise.reject(new Error('later')),
  'gives nothing': () => undefined,
  'gives null': () => null,
  'gives an array': () => [],
  'gives a text': () => 'x',
  'gives what JSON cannot hold': (data: AnyData) => ({ ...data, at: new Date() }),
  'gives a reserved key': (data: AnyData) => ({ ...data, '#version': 7 }),
  throws: () => {
    throw new Error('of the hook')
  },
}
for (const [name, migrate] of Object.entries(bad)) {
  test(`a hook that ${name}: every read and write of the request is refused, the data stays`, async () => {
    const unhandled: unknown[] = []
    const listen = (error: unknown): unknown => unhandled.push(error)
    process.on('unhandledRejection', listen)
    const { browser, before } = await deployed(wrong(migrate))
    const stored = await before.record(browser.id)
    await browser.visit((session) => {
      assert.throws(() => session.get('cart'))
      assert.throws(() => session.get('cart'))
    })
    await assert.rejects(() => browser.visit((session) => session.set('theme', 'x')))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listen)
    assert.deepEqual(unhandled, [])
    assert.deepEqual(await before.record(browser.id), stored)
  })
}

test('a hook that changes its argument in place works like one that makes a new object', async () => {
  const inPlace: Migrate = (data) => {
    const own = wrong<AnyData>(data)
    own['cart'] = { items: own['cart'] ?? [] }
    delete own['old']
    return own
  }
  const { browser, after } = await deployed(inPlace)
  await browser.visit((session) => session.set('late', 1))
  const texts = textsOf(await after.record(browser.id))
  assert.deepEqual(Object.keys(texts).toSorted(), [
    'app:#version',
    'app:cart',
    'app:late',
    'app:theme',
  ])
})

test('update() on a session without data writes data of this version', async () => {
  const store = memoryStore()
  const migrate: Migrate = () => assert.fail('it is of this version already')
  const world = new World({ store, dataVersion: 2, migrate })
  const browser = await world.signedIn()
  await browser.visit((session) => session.update('n', () => 1))
  const { value } = await browser.visit(whole)
  assert.deepEqual(value, { n: 1 })
  const { value: updated } = await request(world, null, async (session) => {
    await session.update('n', () => 1)
    return whole(session)
  })
  assert.deepEqual(updated, { n: 1 })
})
