import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSessions, SessionError } from '@holdfast/core'
import { dataBytes, type SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import { wrapStore } from './support/stores.js'
import { KEY, request, World } from './support/world.js'

const GRANT = '~grant:abcdefgh'
const TEXT = JSON.stringify('g'.repeat(300))

/** Puts a reserved value into a record, as a package that builds on the engine does. */
async function reserve(store: SessionStore, id: string, now: number, name = GRANT): Promise<void> {
  const { status } = await store.update(id, { now, set: new Map([[name, TEXT]]) })
  assert.equal(status, 'updated')
}

async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'none'
  } catch (error) {
    return error instanceof SessionError ? error.code : String(error)
  }
}

test('no namespace of an application can be a reserved one', () => {
  for (const name of ['namespace', 'sharedNamespace']) {
    const options = { store: memoryStore(), keys: [KEY], [name]: '~grant' }
    assert.throws(() => createSessions(options), { code: 'ERR_SESSION_CONFIG' })
  }
})

test('reserved values are not seen, not written and not removed by the application', async () => {
  const world = new World()
  const browser = await world.signedIn()
  await reserve(world.store, browser.id, world.clock.at)
  await browser.visit((session) => {
    assert.deepEqual(session.keys(), [])
    assert.deepEqual(session.shared.keys(), [])
    session.set('~grant:abcdefgh', 'mine')
    session.unset('abcdefgh')
  })
  await browser.visit((session) => session.update('n', () => 1))
  const { data } = await world.record(browser.id)
  assert.equal(data.get(GRANT), TEXT)
  assert.equal(data.get('app:~grant:abcdefgh'), '"mine"')
})

test('reserved values do not count for maxDataBytes, neither at a commit nor in an update', async () => {
  const world = new World({ maxDataBytes: 200 })
  const browser = await world.signedIn()
  await reserve(world.store, browser.id, world.clock.at)
  const fits = 'x'.repeat(180)
  await browser.visit((session) => session.set('a', fits))
  await browser.visit((session) => session.update('a', () => fits))
  for (const write of ['set', 'update'] as const) {
    const refused = browser.visit((session) =>
      write === 'set' ? session.set('a', `${fits}${fits}`) : session.update('a', () => fits + fits),
    )
    await assert.rejects(refused, /would take 367 bytes; maxDataBytes is 200/)
  }
  assert.ok(dataBytes((await world.record(browser.id)).data) > 400)
})

test('a reserved value that comes between read and write takes no room from the write', async () => {
  const inner = memoryStore()
  let before = (): void => undefined
  const store = wrapStore(inner, {
    update(id, change) {
      before()
      return inner.update(id, change)
    },
  })
  const world = new World({ store, maxDataBytes: 200 })
  const browser = await world.signedIn()
  let count = 0
  before = () => {
    count += 1
    if (count < 3)
      void inner.update(browser.id, {
        now: world.clock.at,
        set: new Map([[`${GRANT}${count}`, TEXT]]),
      })
  }
  await browser.visit((session) => session.set('a', 'x'.repeat(180)))
  assert.equal(count, 3)
  assert.equal((await world.record(browser.id)).data.get('app:a')?.length, 182)
  const large = request(world, browser.token, (session) => session.set('a', 'x'.repeat(300)))
  assert.equal(await codeOf(() => large), 'ERR_SESSION_DATA_TOO_LARGE')
})
