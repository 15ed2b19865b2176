import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { SessionError, type SessionErrorCode } from '@holdfast/core'
import type { Session } from '@holdfast/core/engine'
import type { SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import { interceptStore, type Method, wrapStore } from './support/stores.js'
import { type AnyData, type Browser, HOUR, MINUTE, request, wrong, World } from './support/world.js'

const unhandled: unknown[] = []
process.on('unhandledRejection', (error) => unhandled.push(error))
after(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(unhandled, [], 'no rejection is left without a handler')
})

type Trouble = (() => Promise<never>) | null
const cause = new Error('ECONNREFUSED')
const troubles: Readonly<
  Record<string, readonly [() => Promise<never>, SessionErrorCode, retryable: boolean]>
> = {
  throws: [
    () => {
      throw cause
    },
    'ERR_SESSION_STORE_UNAVAILABLE',
    true,
  ],
  rejects: [() => Promise.reject(cause), 'ERR_SESSION_STORE_UNAVAILABLE', true],
  'rejects with no error at all': [
    () => Promise.reject(wrong<Error>('gone')),
    'ERR_SESSION_STORE_UNAVAILABLE',
    true,
  ],
  'says it is corrupt': [
    () => Promise.reject(new SessionError('ERR_SESSION_STORE_CORRUPT', 'damaged')),
    'ERR_SESSION_STORE_CORRUPT',
    false,
  ],
  'says it is closed': [
    () => Promise.reject(new SessionError('ERR_SESSION_STORE_CLOSED', 'closed')),
    'ERR_SESSION_STORE_CLOSED',
    false,
  ],
}

interface Setting {
  readonly world: World
  readonly browser: Browser
  /** How often each method was called since the trouble began. */
  readonly calls: Method[]
  trouble: Trouble
  troubled: readonly Method[]
}

/** A signed-in browser on a store that can be put into trouble; nothing is remembered from one check to the next. */
async function setting(inner: SessionStore = memoryStore()): Promise<Setting> {
  const state: { trouble: Trouble; troubled: readonly Method[] } = { trouble: null, troubled: [] }
  const calls: Method[] = []
  const store = interceptStore(inner, (method) => {
    if (state.trouble === null || !state.troubled.includes(method)) return undefined
    calls.push(method)
    return state.trouble()
  })
  const world = new World({ store, cacheSize: 0 })
  const browser = await world.signedIn()
  return Object.assign(state, { world, browser, calls })
}

type Work = (session: Session<AnyData>) => unknown
const works: readonly (readonly [string, Work, Method])[] = [
  ['a write', (session) => session.set('a', 1), 'update'],
  ['a touch', (session) => session.touch(), 'update'],
  ['update()', (session) => session.update('a', () => 1), 'update'],
  ['signing in again', (session) => session.authenticate('alice'), 'update'],
  ['proving oneself again', (session) => session.reauthenticate(), 'update'],
  ['a rotation', (session) => session.rotate(), 'update'],
  ['signing out', (session) => session.revoke(), 'revoke'],
  ['ending the others', (session) => session.revokeOthers(), 'revoke'],
]

for (const [name, [trouble, code, retryable]] of Object.entries(troubles)) {
  const expected = { name: 'SessionError', code, retryable }

  test(`a store that ${name}: a check is refused, never answered with "nobody"; the next one after it works`, async () => {
    const it = await setting()
    it.trouble = trouble
    it.troubled = ['find']
    await assert.rejects(() => it.world.open(it.browser.token), expected)
    const resolve = async (): Promise<unknown> => await it.world.sessions.resolve(it.browser.token)
    await assert.rejects(resolve, expected)
    await assert.rejects(() => it.world.sessions.get(it.browser.id), expected)
    assert.equal(it.world.named('store_failed').length, 3)
    const [event] = it.world.named('store_failed')
    assert.deepEqual([event?.store, event?.operation, event?.code], ['memory', 'find', code])
    it.trouble = null
    assert.equal(await it.world.whose(it.browser.token), 'alice')
  })

  test(`a store that ${name}: what was asked for fails, sets no cookie, and can be asked for again`, async () => {
    for (const [work, run, method] of works) {
      const it = await setting()
      const open = await it.world.open(it.browser.token)
      const session = it.world.sessionOf(open)
      it.trouble = trouble
      it.troubled = [method]
      await assert.rejects(
        async () => {
          await run(session)
          await open.commit()
        },
        expected,
        work,
      )
      it.trouble = null
      assert.equal(await it.world.whose(it.browser.token), 'alice', work)
      await it.browser.visit(run)
      if (method === 'update') assert.equal(await it.world.whose(it.browser.token), 'alice', work)
      else assert.ok(it.world.named('session_revoked').length > 0)
    }
  })

  test(`a store that ${name}: a renewal that fails leaves the old token good`, async () => {
    const it = await setting()
    it.world.clock.at += 20 * MINUTE
    const open = await it.world.open(it.browser.token)
    it.trouble = trouble
    it.troubled = ['update']
    await assert.rejects(async () => await open.commit(), expected)
    it.trouble = null
    const { action } = await it.browser.visit((session) => session.subject)
    assert.equal(action.kind, 'set')
  })

  test(`a store that ${name}: nothing anonymous is started, and no sign-in; requests without a session go on`, async () => {
    const it = await setting()
    it.trouble = trouble
    it.troubled = ['insert']
    await assert.rejects(() => it.world.anonymous(), expected)
    await assert.rejects(() => it.world.signedIn('bob'), expected)
    it.troubled = ['epoch']
    await assert.rejects(() => it.world.signedIn('bob'), expected)
    await assert.rejects(
      () => it.browser.visit((session) => session.authenticate('alice')),
      expected,
    )
    assert.equal(
      await it.world.whose(it.browser.token),
      'alice',
      'only a sign-in needs the counter',
    )
    assert.equal((await request(it.world, null, (session) => session.get('a'))).action.kind, 'none')
    it.trouble = null
    await it.world.signedIn('bob')
    assert.equal(it.world.named('session_created').length, 2)
  })

  test(`a store that ${name}: ending from outside fails loudly`, async () => {
    const it = await setting()
    const { sessions } = it.world
    it.trouble = trouble
    it.troubled = ['revoke', 'list', 'sweep']
    await assert.rejects(() => sessions.revoke(it.browser.id), expected)
    await assert.rejects(() => sessions.revokeAll('alice'), expected)
    await assert.rejects(() => sessions.revokeEveryone(), expected)
    await assert.rejects(() => sessions.list('alice').next(), expected)
    await assert.rejects(() => sessions.sweep(), expected)
    assert.equal(it.world.named('session_revoked').length, 0)
    it.trouble = null
    assert.equal(await sessions.revokeAll('alice'), 1)
  })
}

test('a revocation that fails does not remove the cookie, so that the next click can', async () => {
  const it = await setting()
  const open = await it.world.open(it.browser.token)
  it.trouble = () => Promise.reject(cause)
  it.troubled = ['revoke']
  await assert.rejects(() => it.world.sessionOf(open).revoke(), { cause })
  assert.equal((await open.commit()).kind, 'none')
})

test('only what may safely happen twice is tried again, once', async () => {
  const it = await setting()
  const { world, browser } = it
  const ask: Readonly<Record<Method, () => Promise<unknown>>> = {
    find: () => world.open(browser.token),
    list: () => world.sessions.list('alice').next(),
    revoke: () => world.sessions.revoke(browser.id),
    epoch: () => world.signedIn('bob'),
    insert: () => world.signedIn('bob'),
    update: () => browser.visit((session) => session.set('a', 1)),
    sweep: () => world.sessions.sweep(),
  }
  for (const [method, run] of Object.entries(ask) as [Method, () => Promise<unknown>][]) {
    it.calls.length = 0
    it.troubled = [method]
    it.trouble = () => Promise.reject(cause)
    await assert.rejects(run, { code: 'ERR_SESSION_STORE_UNAVAILABLE' }, method)
    const repeatable = ['find', 'list', 'revoke', 'epoch'].includes(method)
    assert.equal(it.calls.length, repeatable ? 2 : 1, method)
    it.trouble = null
  }
})

test('a session that cannot be read while the counter is still awaited is a failure of that request only', async () => {
  let slow = false
  const later = (): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  const store = interceptStore(memoryStore(), (method) =>
    slow && method === 'epoch' ? later() : undefined,
  )
  const it = await setting(store)
  slow = true
  it.troubled = ['find']
  it.trouble = () => Promise.reject(cause)
  // An unhandled rejection would end the application's process.
  await assert.rejects(() => it.world.open(it.browser.token), { cause })
})

test('a second try that succeeds is a success, and no event', async () => {
  const it = await setting()
  it.troubled = ['find', 'revoke']
  it.trouble = () => {
    it.trouble = null
    return Promise.reject(cause)
  }
  assert.equal(await it.world.whose(it.browser.token), 'alice')
  it.trouble = () => {
    it.trouble = null
    return Promise.reject(cause)
  }
  assert.equal(await it.world.sessions.revoke(it.browser.id), true)
  assert.equal(it.world.named('store_failed').length, 0)
})

test('an end whose first answer was lost is told of, and is true', async () => {
  const inner = memoryStore()
  let lost = 0
  const store = wrapStore(inner, {
    revoke: async (target, ending) => {
      const count = await inner.revoke(target, ending)
      if (lost++ === 0) throw cause
      return count
    },
  })
  const world = new World({ store })
  const { id } = await world.signedIn()
  assert.equal(await world.sessions.revoke(id, { reason: 'stolen' }), true)
  assert.equal(lost, 2)
  const told = world.named('session_revoked')
  assert.deepEqual(
    told.map(({ sessionId, reason, count }) => [sessionId, reason, count]),
    [[id, 'stolen', 1]],
  )
  // What another has ended before is still no end of ours.
  lost = 0
  assert.equal(await world.sessions.revoke(id, { reason: 'again' }), false)
  assert.equal(world.named('session_revoked').length, 1)
})

test('a failure that says it is final is not tried again', async () => {
  const it = await setting()
  it.troubled = ['find']
  it.trouble = () => Promise.reject(new SessionError('ERR_SESSION_STORE_CORRUPT', 'damaged'))
  await assert.rejects(() => it.world.open(it.browser.token), { code: 'ERR_SESSION_STORE_CORRUPT' })
  assert.deepEqual(it.calls, ['find'])
})

const lies: Readonly<
  Record<string, (mine: string, other: string, inner: SessionStore) => unknown>
> = {
  "another session's record": (_mine, other, inner) => inner.find(other),
  undefined: () => undefined,
  'an empty object': () => ({}),
  'a text': () => 'record',
}
for (const [name, lie] of Object.entries(lies)) {
  for (const later of [false, true]) {
    test(`a store that answers ${name}${later ? ' later' : ''} is corrupt, and nobody is let in`, async () => {
      const inner = memoryStore()
      let lying = ''
      const answer = (value: unknown): never => wrong(later ? Promise.resolve(value) : value)
      const store = wrapStore(inner, {
        find: (id) => (lying === '' ? inner.find(id) : answer(lie(id, lying, inner))),
      })
      const world = new World({ store, cacheSize: 0 })
      const mine = await world.signedIn('alice')
      lying = (await world.signedIn('bob')).id
      const corrupt = { name: 'SessionError', code: 'ERR_SESSION_STORE_CORRUPT' }
      await assert.rejects(() => world.open(mine.token), corrupt)
      await assert.rejects(() => world.sessions.get(mine.id), corrupt)
      assert.equal(world.named('store_failed').length, 2)
    })
  }
}

test("a store that answers a change with another session's record is corrupt, and gives no token for it", async () => {
  const inner = memoryStore()
  let other: string | null = null
  const store = wrapStore(inner, {
    update: async (id, change) => {
      const result = await inner.update(id, change)
      const record = other === null ? null : await inner.find(other)
      return record === null ? result : wrong({ ...result, record })
    },
  })
  const world = new World({ store, cacheSize: 0 })
  const mine = await world.signedIn('alice')
  const foreign = await world.signedIn('bob')
  await foreign.visit((session) => session.set('secret', 'of bob'))
  other = foreign.id
  for (const [work, run, method] of works) {
    if (method !== 'update') continue
    const failing = request(world, mine.token, async (session) => {
      await run(session)
    })
    await assert.rejects(failing, { code: 'ERR_SESSION_STORE_CORRUPT' }, work)
    other = null
    mine.jar = (await world.signedIn('alice')).token
    other = foreign.id
  }
})

test('a session whose stored bytes are damaged is refused as corrupt, others are not touched by it', async () => {
  const inner = memoryStore()
  let damaged = ''
  const corrupt = new SessionError('ERR_SESSION_STORE_CORRUPT', 'damaged (checksum)')
  const store = wrapStore(inner, {
    find: (id) => (id === damaged ? Promise.reject(corrupt) : inner.find(id)),
  })
  const world = new World({ store })
  const [first, second] = [await world.signedIn('alice'), await world.signedIn('bob')]
  damaged = first.id
  await assert.rejects(() => world.open(first.token), corrupt)
  assert.equal(await world.whose(second.token), 'bob')
  world.clock.at += HOUR - 1
  assert.equal(await world.whose(second.token), 'bob')
})
