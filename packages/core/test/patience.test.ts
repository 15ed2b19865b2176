import assert from 'node:assert/strict'
import { mock, test, type TestContext } from 'node:test'
import { memoryStore } from '@holdfast/memory'
import { interceptStore, type Method } from './support/stores.js'
import { Browser, World } from './support/world.js'

const LIMIT = 450

/** A store whose calls take as long as told, on a clock that moves only by `pass`. */
class SlowStore {
  readonly delays = new Map<Method, number>()
  readonly calls: Method[] = []
  readonly world: World
  #now = 0

  constructor(t: TestContext) {
    mock.timers.enable({ apis: ['setTimeout'] })
    mock.method(performance, 'now', () => this.#now)
    t.after(() => {
      mock.timers.reset()
      mock.restoreAll()
    })
    const store = interceptStore(memoryStore(), (method) => {
      this.calls.push(method)
      const delay = this.delays.get(method)
      if (delay === undefined) return undefined
      return new Promise<void>((resolve) => {
        setTimeout(resolve, delay)
      })
    })
    this.world = new World({ store, cacheSize: 0 })
  }

  /** Lets `ms` pass, one by one, and says what has become of `work`. */
  async pass(ms: number, work: Promise<unknown>): Promise<string> {
    let outcome = 'pending'
    work.then(
      () => (outcome = 'done'),
      (error: { code?: string }) => (outcome = String(error.code)),
    )
    await settle()
    for (let passed = 0; passed < ms; passed += 10) {
      this.#now += 10
      mock.timers.tick(10)
      await settle()
    }
    return outcome
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('a request whose calls are slow one after the other is refused as soon as one of a single call', async (t) => {
  const slow = new SlowStore(t)
  const browser = await slow.world.signedIn()
  slow.delays.set('find', 300).set('update', 1000)
  const work = browser.visit((session) => session.set('a', 1))
  assert.equal(await slow.pass(LIMIT - 10, work), 'pending')
  assert.equal(await slow.pass(10, work), 'ERR_SESSION_STORE_TIMEOUT')
  await assert.rejects(work, /did not finish 'update' within 450 ms, of which 150 ms were left/)
})

test('so is one whose read-modify-write joins those of others', async (t) => {
  const slow = new SlowStore(t)
  const browser = await slow.world.signedIn()
  slow.delays.set('find', 200).set('update', 1000)
  const add = () => browser.visit((session) => session.update('n', (n) => (Number(n) || 0) + 1))
  const first = add()
  const second = add()
  second.catch(() => undefined)
  assert.equal(await slow.pass(LIMIT - 10, first), 'pending')
  assert.equal(await slow.pass(10, first), 'ERR_SESSION_STORE_TIMEOUT')
  assert.equal(await slow.pass(0, second), 'ERR_SESSION_STORE_TIMEOUT')
})

test('those that came while a read-modify-write was under way are not kept for another deadline', async (t) => {
  const slow = new SlowStore(t)
  const { world } = slow
  const browser = await world.signedIn()
  slow.delays.set('update', 1000)
  const add = () => browser.visit((session) => session.update('n', (n) => (Number(n) || 0) + 1))
  const first = add()
  assert.equal(await slow.pass(100, first), 'pending')
  first.catch(() => undefined)
  const second = add()
  assert.equal(await slow.pass(LIMIT - 100, second), 'ERR_SESSION_STORE_TIMEOUT')
  assert.equal(await slow.pass(0, first), 'ERR_SESSION_STORE_TIMEOUT')
})

test('a store that answers in time, however often it is asked, refuses nobody', async (t) => {
  const slow = new SlowStore(t)
  const browser = await slow.world.signedIn()
  slow.delays.set('find', 40).set('update', 40)
  const work = browser.visit(async (session) => {
    for (let n = 0; n < 20; n++) await session.update('n', (value) => (Number(value) || 0) + 1)
  })
  assert.equal(await slow.pass(20 * 100, work), 'done')
})

test('slow calls of one request at the same time wait together', async (t) => {
  const slow = new SlowStore(t)
  const browser = await slow.world.signedIn()
  const work = browser.visit(async (session) => {
    slow.delays.set('revoke', 300).set('update', 300)
    await Promise.all([session.revokeOthers(), session.update('n', () => 1)])
    slow.delays.set('revoke', 100)
    await session.revoke()
  })
  assert.equal(await slow.pass(410, work), 'done')
})

test('visitors who come while a slow store is asked for its counter wait together', async (t) => {
  const slow = new SlowStore(t)
  const { world } = slow
  const visit = (): Promise<unknown> => world.open(null)
  slow.delays.set('epoch', 1000)
  const first = visit()
  assert.equal(await slow.pass(100, first), 'pending')
  slow.calls.length = 0
  const others = Promise.all(Array.from({ length: 20 }, visit))
  const signIn = new Browser(world).visit((session) => session.authenticate('ann'))
  const refused = assert.rejects(signIn, /did not finish 'epoch'/, 'who needs it is refused')
  assert.equal(await slow.pass(LIMIT - 110, Promise.all([others, first])), 'pending')
  assert.deepEqual(slow.calls, [], 'the store is not asked again')
  // As soon as the first: none waits for longer than it would by itself.
  assert.equal(await slow.pass(10, others), 'done')
  await refused
  slow.delays.set('epoch', 10)
  await Promise.all([slow.pass(20, first), visit(), visit()])
  assert.deepEqual(slow.calls, ['epoch', 'epoch'], 'a quick store is asked by each')
})
