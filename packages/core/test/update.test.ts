import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import { asyncStore, pullStore, wrapStore } from './support/stores.js'
import { type AnyData, type Browser, HOUR, request, START, wrong, World } from './support/world.js'
import type { JsonValue } from '@holdfast/core'

const increment = (value: JsonValue | undefined): number => Number(value ?? 0) + 1
const stores: readonly (readonly [string, () => SessionStore])[] = [
  ['at once', memoryStore],
  ['later', asyncStore],
  ['later and does not push', (): SessionStore => pullStore(asyncStore())],
]

async function valueOf(
  world: World,
  browser: Browser,
  key: string,
): Promise<JsonValue | undefined> {
  return (await request(world, browser.token, (session) => session.get(key))).value
}

for (const [name, store] of stores) {
  test(`1,000 increments at once count 1,000, on a store that answers ${name}`, async () => {
    // So many at once take their time on a busy machine.
    const world = new World({ store: store(), storeTimeout: 60_000 })
    const browser = await world.anonymous()
    const seen = await Promise.all(
      Array.from({ length: 1000 }, async () => {
        const { value } = await request(world, browser.token, (session) =>
          session.update('visits', increment),
        )
        return value
      }),
    )
    assert.equal(await valueOf(world, browser, 'visits'), 1000)
    const told = new Set(seen)
    assert.equal(told.size, 1000, 'each is told a number of its own')
    for (let n = 1; n <= 1000; n++) assert.ok(told.has(n), `${n} was told to nobody`)
  })

  test(`two processes count together, on a store that answers ${name}`, async () => {
    const inner = memoryStore()
    const worlds = [new World({ store: wrapStore(inner) }), new World({ store: asyncStore(inner) })]
    const [first] = worlds
    assert.ok(first !== undefined)
    const browser = await first.anonymous()
    await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        request(worlds[at % 2] ?? first, browser.token, (session) =>
          session.update('visits', increment),
        ),
      ),
    )
    assert.equal(await valueOf(first, browser, 'visits'), 100)
  })

  test(`of 50 requests that take one flash value one gets it, on a store that answers ${name}`, async () => {
    const world = new World({ store: store() })
    const browser = await world.anonymous()
    await browser.visit((session) => session.flash('note', { text: 'saved' }))
    const taken = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const { value } = await request(world, browser.token, (session) =>
          session.takeFlash('note'),
        )
        return value
      }),
    )
    assert.deepEqual(
      taken.filter((value) => value !== undefined),
      [{ text: 'saved' }],
    )
    assert.equal((await world.record(browser.id)).data.size, 1)
  })
}

test('update() gives back what it wrote, frozen, and the rest of the request sees it', async () => {
  const world = new World()
  const browser = await world.anonymous({ list: ['a'] })
  await browser.visit(async (session) => {
    const list = await session.update('list', (now) => [...wrong<string[]>(now), 'b'])
    assert.deepEqual(list, ['a', 'b'])
    assert.ok(Object.isFrozen(list))
    assert.deepEqual(session.get('list'), ['a', 'b'])
    assert.deepEqual(
      await world.record(browser.id).then(({ data }) => data.get('app:list')),
      '["a","b"]',
    )
  })
})

test('the function gets a copy of its own, which it may change', async () => {
  const world = new World()
  const browser = await world.anonymous({ list: ['a'] })
  await browser.visit((session) =>
    session.update('list', (now) => {
      wrong<string[]>(now).push('b')
      return now
    }),
  )
  assert.deepEqual(await valueOf(world, browser, 'list'), ['a', 'b'])
})

test('what the request has set but not yet written is what the function gets', async () => {
  const world = new World()
  const browser = await world.anonymous({ n: 1, gone: 1 })
  await browser.visit(async (session) => {
    session.set('n', 10)
    session.unset('gone')
    session.set('other', 'kept')
    assert.equal(await session.update('n', increment), 11)
    assert.equal(await session.update('gone', increment), 1)
    assert.equal(session.get('other'), 'kept')
  })
  assert.equal(await valueOf(world, browser, 'n'), 11)
  assert.equal(await valueOf(world, browser, 'other'), 'kept')
})

test('undefined removes the value', async () => {
  const world = new World()
  const browser = await world.anonymous({ n: 1 })
  await browser.visit(async (session) => {
    assert.equal(await session.update('n', () => undefined), undefined)
    assert.equal(session.has('n'), false)
  })
  assert.equal(await valueOf(world, browser, 'n'), undefined)
})

test('a function that throws: its own error, nothing written, parallel ones unharmed', async () => {
  const world = new World()
  const browser = await world.anonymous({ n: 1 })
  const own = new Error('out of stock')
  const { value } = await browser.visit((session) =>
    Promise.allSettled([
      session.update('n', increment),
      session.update('n', () => {
        throw own
      }),
      session.update('n', increment),
    ]),
  )
  assert.deepEqual(value[1], { status: 'rejected', reason: own })
  assert.equal(await valueOf(world, browser, 'n'), 3)
  const fresh = request(world, null, (session) =>
    session.update('n', () => {
      throw own
    }),
  )
  await assert.rejects(fresh, own)
  assert.equal(world.named('session_created').length, 1)
})

test('an asynchronous function is refused, and its own failure crashes nothing', async () => {
  const world = new World()
  const browser = await world.anonymous({ n: 1 })
  const unhandled: unknown[] = []
  const listen = (error: unknown): unknown => unhandled.push(error)
  process.on('unhandledRejection', listen)
  const refused = { name: 'TypeError', message: /must be synchronous/ }
  const bad = [
    (): unknown => Promise.resolve(5),
    (): unknown => Promise.reject(new Error('later')),
    async (): Promise<never> => Promise.reject(new Error('later still')),
  ]
  for (const change of bad) {
    await assert.rejects(
      () => browser.visit((session) => session.update('n', wrong(change))),
      refused,
    )
    await assert.rejects(() => request(world, null, (s) => s.update('n', wrong(change))), refused)
  }
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', listen)
  assert.deepEqual(unhandled, [])
  assert.equal(await valueOf(world, browser, 'n'), 1)
})

test('anything but a function is a TypeError', async () => {
  const world = new World()
  const browser = await world.anonymous()
  for (const bad of [undefined, null, 5, {}]) {
    const work = browser.visit((session) => session.update('n', wrong(bad)))
    await assert.rejects(work, { name: 'TypeError', message: /needs a function/ })
  }
})

test('parallel updates, and flash takers, of a visitor without a session start one session', async () => {
  for (const [, store] of stores) {
    const world = new World({ store: store() })
    const { open } = await request(world, null, async (session) => {
      const all = await Promise.all([
        session.update('a', increment),
        session.update('b', increment),
        session.update('a', increment),
        session.takeFlash('note'),
      ])
      assert.deepEqual([all[1], all[3]], [1, undefined])
      assert.deepEqual([session.get('a'), session.get('b')], [2, 1])
    })
    assert.equal(world.named('session_created').length, 1)
    const record = await world.record(open.record?.id ?? '')
    assert.deepEqual([record.data.get('app:a'), record.data.get('app:b')], ['2', '1'])
  }
})

test('update() and takeFlash() on a session that has ended: ERR_SESSION_ENDED, nothing comes back', async () => {
  const world = new World()
  const browser = await world.anonymous()
  const open = await world.open(browser.token)
  await world.sessions.revoke(browser.id)
  const session = world.sessionOf(open)
  await assert.rejects(() => session.update('n', increment), { code: 'ERR_SESSION_ENDED' })
  await assert.rejects(() => session.takeFlash('note'), { code: 'ERR_SESSION_ENDED' })
  assert.equal((await world.record(browser.id)).reason, 'revoked')
})

test('update() counts as activity where that is due', async () => {
  const world = new World({ renewalTimeout: Infinity })
  const browser = await world.anonymous()
  world.clock.at += HOUR / 2
  await request(world, browser.token, (session) => session.update('n', increment), {
    countsAsActivity: false,
  })
  assert.equal((await world.record(browser.id)).lastSeenAt, START)
  await request(world, browser.token, (session) => session.update('n', increment))
  assert.equal((await world.record(browser.id)).lastSeenAt, world.clock.at)
})

test('a store that reports a conflict for ever ends in ERR_SESSION_CONFLICT, which may be tried again', async (t) => {
  const inner = memoryStore()
  const world = new World({ store: inner })
  const browser = await world.anonymous({ n: 1 })
  const conflicting = wrapStore(inner, {
    update: async (id) => ({ status: 'conflict', record: await world.record(id) }),
  })
  const other = new World({ store: conflicting })
  mock.method(globalThis, 'setTimeout', (run: () => void) => setImmediate(run))
  t.after(() => mock.restoreAll())
  const work = request(other, browser.token, (session) => session.update('n', increment))
  await assert.rejects(work, { code: 'ERR_SESSION_CONFLICT', retryable: true })
  assert.equal(await valueOf(world, browser, 'n'), 1)
})

test('a flash value waits until it is taken, apart from data of the same name', async () => {
  const world = new World()
  const browser = await world.anonymous({ note: 'data' })
  await browser.visit((session) => {
    session.flash('note', 'first')
    session.flash('note', 'second')
    session.flash('other', [1])
  })
  await browser.visit(async (session) => {
    assert.deepEqual(session.keys(), ['note'])
    assert.equal(session.get('note'), 'data')
    assert.equal(await session.takeFlash('note'), 'second')
    assert.equal(await session.takeFlash('note'), undefined)
  })
  const { value } = await browser.visit((session) => session.takeFlash('other'))
  assert.deepEqual(value, [1])
})

test('a flash value can be taken by the request that set it, and leaves nothing behind', async () => {
  const world = new World()
  const browser = await world.anonymous()
  await browser.visit(async (session) => {
    session.flash('note', 'x')
    assert.equal(await session.takeFlash('note'), 'x')
  })
  const { value } = await browser.visit((session) => session.takeFlash('note'))
  assert.equal(value, undefined)
  const visit = await request(world, null, async (session) => {
    session.flash('note', 'x')
    return await session.takeFlash('note')
  })
  assert.equal(visit.value, 'x')
  assert.equal(visit.action.kind, 'none', 'a visitor needs no session for that')
})

test('the data of the type of the application reaches the function', async () => {
  const world = new World()
  const data: AnyData = { n: 1 }
  const browser = await world.anonymous(data)
  const seen: unknown[] = []
  await browser.visit((session) =>
    session.update('n', (value) => {
      seen.push(value)
      return value
    }),
  )
  assert.deepEqual(seen, [1])
})
