import assert from 'node:assert/strict'
import { after, mock, test } from 'node:test'
import { memoryStore } from '@holdfast/memory'
import { interceptStore, type Method } from './support/stores.js'
import { request, World } from './support/world.js'

const unhandled: unknown[] = []
process.on('unhandledRejection', (error) => unhandled.push(error))
after(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(unhandled, [], 'no rejection is left without a handler')
})

/** Gives every promise that is ready its turn; the mocked clock stands still meanwhile. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** What `work` came to at `ms` of a clock that moves only here. */
async function at(ms: number, work: Promise<unknown>): Promise<string> {
  let outcome = 'pending'
  work.then(
    () => (outcome = 'done'),
    (error: { code?: string }) => (outcome = String(error.code)),
  )
  await settle()
  mock.timers.tick(ms)
  await settle()
  return outcome
}

interface Hanging {
  readonly world: World
  readonly hang: Set<Method>
  readonly calls: Method[]
  /** Makes the hanging calls fail, late. */
  readonly release: () => void
}

function hanging(storeTimeout?: number): Hanging {
  const hang = new Set<Method>()
  const rejects: (() => void)[] = []
  const calls: Method[] = []
  const store = interceptStore(memoryStore(), (method) => {
    calls.push(method)
    if (!hang.has(method)) return undefined
    return new Promise((_, reject) => rejects.push(() => reject(new Error('too late'))))
  })
  const world = new World({
    store,
    cacheSize: 0,
    ...(storeTimeout === undefined ? {} : { storeTimeout }),
  })
  return { world, hang, calls, release: () => rejects.splice(0).forEach((reject) => reject()) }
}

for (const [name, timeout, limit] of [
  ['450 ms unless told otherwise', undefined, 450],
  ['storeTimeout', 80, 80],
] as const) {
  test(`a store that never answers is given up after ${name}, for every operation`, async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const { world, hang } = hanging(timeout)
    const browser = await world.signedIn()
    const { sessions } = world
    const asks: readonly (readonly [Method, () => Promise<unknown>])[] = [
      ['find', () => world.open(browser.token)],
      ['find', async () => await sessions.resolve(browser.token)],
      ['update', () => browser.visit((session) => session.set('a', 1))],
      ['update', () => browser.visit((session) => session.reauthenticate())],
      ['insert', () => world.anonymous()],
      ['insert', () => world.signedIn('bob')],
      ['epoch', () => world.signedIn('bob')],
      ['revoke', () => request(world, browser.token, (session) => session.revoke())],
      ['revoke', () => sessions.revokeAll('alice')],
      ['list', () => sessions.list('alice').next()],
      ['sweep', () => sessions.sweep()],
    ]
    for (const [method, ask] of asks) {
      hang.add(method)
      const work = ask()
      assert.equal(await at(limit - 1, work), 'pending', method)
      assert.equal(await at(1, work), 'ERR_SESSION_STORE_TIMEOUT', method)
      await assert.rejects(work, {
        retryable: true,
        message: new RegExp(`did not finish '${method}' within ${limit} ms`),
      })
      hang.clear()
      assert.equal(await world.whose(browser.token), 'alice', 'the next call is served')
    }
    const failed = world.named('store_failed')
    assert.ok(failed.length >= asks.length)
    assert.ok(failed.every(({ code }) => code === 'ERR_SESSION_STORE_TIMEOUT'))
  })
}

test('a try that fails after the deadline is not tried again, and disturbs nobody', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const { world, hang, release, calls } = hanging()
  const { token, id } = await world.signedIn()
  hang.add('revoke')
  const work = world.sessions.revoke(id)
  assert.equal(await at(450, work), 'ERR_SESSION_STORE_TIMEOUT')
  hang.clear()
  release()
  await settle()
  assert.equal(calls.filter((method) => method === 'revoke').length, 1)
  assert.equal(await world.whose(token), 'alice')
})

test('both tries together keep the deadline', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  let calls = 0
  const inner = memoryStore()
  let broken = false
  const store = interceptStore(inner, (method) => {
    if (!broken || method !== 'find') return undefined
    calls += 1
    return new Promise((_, reject) => {
      setTimeout(() => reject(new Error('slowly')), 300)
    })
  })
  const world = new World({ store, cacheSize: 0 })
  const { token } = await world.signedIn()
  broken = true
  const work = world.open(token)
  assert.equal(await at(300, work), 'pending', 'the second try is under way')
  assert.equal(calls, 2)
  assert.equal(await at(150, work), 'ERR_SESSION_STORE_TIMEOUT')
})

test('a store that answers in time leaves no timer behind', async (t) => {
  const set = mock.method(globalThis, 'setTimeout')
  const clear = mock.method(globalThis, 'clearTimeout')
  t.after(() => mock.restoreAll())
  const store = interceptStore(memoryStore(), () => Promise.resolve())
  const world = new World({ store, cacheSize: 0 })
  const browser = await world.signedIn()
  await browser.visit((session) => session.set('a', 1))
  assert.ok(set.mock.callCount() > 2)
  const cleared = new Set(clear.mock.calls.map(({ arguments: [timer] }) => timer))
  for (const { result } of set.mock.calls) assert.ok(cleared.has(result))
})
