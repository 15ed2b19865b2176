import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionRecord, SessionStore, StoreNotice } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import { countedStore, Gate, interceptStore, wrapStore } from './support/stores.js'
import { request, START, World } from './support/world.js'

/** A store whose notices are held back until `deliver`. */
function heldNotices(inner: SessionStore): {
  store: SessionStore
  deliver: (extra?: StoreNotice) => void
} {
  let hear: ((notice: StoreNotice) => void) | null = null
  const held: StoreNotice[] = []
  const store = wrapStore(inner, {
    watch: (listener) => {
      hear = listener
      return inner.watch?.((notice) => held.push(notice)) ?? ((): void => undefined)
    },
  })
  const deliver = (extra?: StoreNotice): void => {
    for (const notice of held.splice(0)) hear?.(notice)
    if (extra !== undefined) hear?.(extra)
  }
  return { store, deliver }
}

test('with notices on their way, this process’s own sign-in, rotation and revocation hold at once', async () => {
  for (const work of [
    'reauthenticate',
    'rotate',
    'revoke',
    'revoke from outside',
    'revoke all',
    'everyone',
  ] as const) {
    const { store, deliver } = heldNotices(memoryStore())
    const world = new World({ store })
    const browser = await world.signedIn()
    deliver()
    const old = browser.token
    assert.equal(await world.whose(old), 'alice')
    assert.equal(await world.whose(old), 'alice', 'remembered')
    if (work === 'revoke from outside') await world.sessions.revoke(browser.id)
    else if (work === 'revoke all') await world.sessions.revokeAll('alice')
    else if (work === 'everyone') await world.sessions.revokeEveryone()
    else await browser.visit((session) => session[work]())
    assert.notEqual(await world.whose(old), 'alice', work)
  }
})

test('with notices on their way, a request sees what this process has written before', async () => {
  const { store, deliver } = heldNotices(memoryStore())
  const world = new World({ store })
  const browser = await world.anonymous({ n: 0 })
  deliver()
  const read = async (): Promise<unknown> =>
    (await browser.visit((session) => session.get('n'))).value
  assert.equal(await read(), 0)
  await browser.visit((session) => session.set('n', 1))
  assert.equal(await read(), 1)
  await browser.visit((session) => session.update('n', () => 2))
  assert.equal(await read(), 2)
})

test('a revocation by another process is seen with its notice, or after 5 s without one', async () => {
  for (const told of [true, false]) {
    const inner = memoryStore()
    const { store, deliver } = heldNotices(inner)
    const [here, there] = [new World({ store }), new World({ store: wrapStore(inner) })]
    const { token, id } = await here.signedIn()
    deliver()
    assert.equal(await here.whose(token), 'alice')
    await there.sessions.revoke(id)
    if (told) deliver()
    else here.clock.at = START + 5001
    assert.equal(await here.whose(token), 'revoked')
  }
})

test('a channel that confirms itself keeps records believed; one that falls silent, for 5 s', async () => {
  const counted = countedStore()
  const { store, deliver } = heldNotices(counted.store)
  const world = new World({ store })
  const { token } = await world.signedIn()
  deliver()
  const cost = async (at: number): Promise<string> => {
    world.clock.at = START + at
    counted.take()
    assert.equal(await world.whose(token), 'alice')
    return counted.take()
  }
  assert.equal(await cost(0), 'find 1')
  assert.equal(await cost(5000), 'none')
  deliver({ kind: 'confirmed', age: 200 })
  assert.equal(await cost(9800), 'none', 'believed until 5 s after what was confirmed')
  assert.equal(await cost(9801), 'find 1')
  assert.equal(await cost(9000), 'find 1', 'a clock that was set back confirms nothing')
})

test('an eviction frees its place in memory too', async () => {
  const { store, deliver } = heldNotices(memoryStore())
  const world = new World({ store, maxSessionsPerSubject: 1 })
  const first = await world.signedIn()
  deliver()
  assert.equal(await world.whose(first.token), 'alice')
  await world.signedIn()
  assert.equal(await world.whose(first.token), 'revoked')
})

test('while the channel is down every check reads the store, and both turns are events', async () => {
  const counted = countedStore()
  const { store, deliver } = heldNotices(counted.store)
  const world = new World({ store })
  const { token } = await world.signedIn()
  deliver()
  const checks = async (): Promise<string> => {
    counted.take()
    for (let count = 0; count < 3; count++) assert.equal(await world.whose(token), 'alice')
    return counted.take()
  }
  assert.equal(await checks(), 'find 1')
  deliver({ kind: 'unhealthy' })
  assert.equal(await checks(), 'find 3')
  deliver({ kind: 'healthy' })
  assert.equal(await checks(), 'find 1', 'what was read before is not trusted')
  deliver({ kind: 'reset' })
  assert.equal(await checks(), 'find 1')
  const turns = world.named('store_channel').map(({ store: name, healthy }) => [name, healthy])
  assert.deepEqual(turns, [
    ['memory', false],
    ['memory', true],
  ])
})

test('a record that was read before a notice came in is not remembered', async () => {
  const inner = memoryStore()
  let gate: Gate | null = null
  const slow = wrapStore(inner, {
    find: async (id) => {
      const record = await inner.find(id)
      await gate?.promise
      return record
    },
  })
  const world = new World({ store: slow })
  const { token, id } = await world.signedIn()
  gate = new Gate()
  const check = world.whose(token)
  await new Promise((resolve) => setImmediate(resolve))
  await inner.revoke({ kind: 'session', id }, { at: world.clock.at, reason: 'x' })
  gate.open()
  gate = null
  await check
  assert.equal(await world.whose(token), 'revoked')
})

test('a record is remembered although others changed while it was read, unless those were too many to tell', async () => {
  for (const [others, cost] of [
    [1, 'none'],
    [4096, 'none'],
    [4097, 'find 1'],
  ] as const) {
    const counted = countedStore()
    const { store, deliver } = heldNotices(counted.store)
    let gate: Gate | null = null
    const find = async (id: string): Promise<SessionRecord | null> => {
      const record = await store.find(id)
      await gate?.promise
      return record
    }
    const world = new World({ store: wrapStore(store, { find }) })
    const { token } = await world.signedIn()
    deliver()
    gate = new Gate()
    const check = world.whose(token)
    await new Promise((resolve) => setImmediate(resolve))
    for (let other = 0; other < others; other++) deliver({ kind: 'changed', id: `other ${other}` })
    gate.open()
    gate = null
    await check
    counted.take()
    assert.equal(await world.whose(token), 'alice')
    assert.equal(counted.take(), cost, `${others} others`)
  }
})

test('what is remembered is bounded, and the oldest goes first', async () => {
  const counted = countedStore()
  const world = new World({ store: counted.store, cacheSize: 2 })
  const browsers = [await world.signedIn('a'), await world.signedIn('b'), await world.signedIn('c')]
  for (const { token } of browsers) await world.whose(token)
  const cost = async (at: number): Promise<string> => {
    counted.take()
    await world.whose(browsers[at]?.token ?? null)
    return counted.take()
  }
  assert.equal(await cost(2), 'none')
  assert.equal(await cost(1), 'none')
  assert.equal(await cost(0), 'find 1')
})

test('a clock that was set back trusts nothing it remembers', async () => {
  const counted = countedStore()
  const world = new World({ store: counted.store })
  const { token } = await world.signedIn()
  await world.whose(token)
  world.clock.at -= 1
  counted.take()
  await world.whose(token)
  assert.equal(counted.take(), 'find 1')
})

test('a store that fails is not papered over by what is remembered for longer than 5 s', async () => {
  let down = false
  const store = interceptStore(memoryStore(), () =>
    down ? Promise.reject(new Error('down')) : undefined,
  )
  const world = new World({ store })
  const { token } = await world.signedIn()
  await world.whose(token)
  down = true
  world.clock.at += 5001
  await assert.rejects(() => world.whose(token), { code: 'ERR_SESSION_STORE_UNAVAILABLE' })
  down = false
  const { value } = await request(world, token, (session) => session.subject)
  assert.equal(value, 'alice')
})
