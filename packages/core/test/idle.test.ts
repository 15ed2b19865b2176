import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { countedStore } from './support/stores.js'
import { fakeClock, HOUR, MINUTE, request, SECOND, START, World } from './support/world.js'

const IDLE = HOUR
const GRAIN = IDLE / 20

test('without activity a session lives to the last millisecond of idleTimeout, and not one more', async () => {
  for (const [after, expected] of [
    [IDLE - 1, 'alice'],
    [IDLE, 'idle_expired'],
    [IDLE + 1, 'idle_expired'],
  ] as const) {
    const world = new World()
    const { token } = await world.signedIn()
    world.clock.at += after
    assert.equal(await world.whose(token), expected, `${after - IDLE} ms from the end`)
  }
})

test('the same boundary holds for an anonymous session and for a check without a request', async () => {
  const world = new World({ idleTimeout: 5 * MINUTE, renewalTimeout: Infinity })
  const { token } = await world.anonymous()
  world.clock.at = START + 5 * MINUTE - 1
  const found = await world.sessions.resolve(token)
  assert.equal(found.status, 'active')
  world.clock.at += 1
  assert.deepEqual(await world.sessions.resolve(token), {
    status: 'rejected',
    reason: 'idle_expired',
  })
})

test('a session that a fresh check answers from memory expires at the same millisecond', async () => {
  const { store, take } = countedStore()
  const world = new World({ store })
  const { token } = await world.signedIn()
  world.clock.at += IDLE - 2 * SECOND
  assert.equal(await world.whose(token), 'alice')
  take()
  world.clock.at += 2 * SECOND - 1
  assert.equal(await world.whose(token), 'alice')
  world.clock.at += 1
  assert.equal(await world.whose(token), 'idle_expired')
  assert.equal(take(), 'none', 'both were answered from memory')
})

test('activity moves the idle deadline, at most once per twentieth of idleTimeout', async () => {
  const { store, take } = countedStore()
  const world = new World({ store, renewalTimeout: Infinity })
  const browser = await world.signedIn()
  take()
  world.clock.at += GRAIN
  await browser.visit((session) => session.subject)
  assert.equal(take(), 'find 1', 'not due yet')
  assert.equal((await world.record(browser.id)).idleDeadline, START + IDLE)
  take()
  world.clock.at += 1
  await browser.visit((session) => session.subject)
  assert.equal(take(), 'update 1')
  assert.equal((await world.record(browser.id)).idleDeadline, world.clock.at + IDLE)
  assert.equal((await world.record(browser.id)).lastSeenAt, world.clock.at)
})

test('a hundred requests in one grain cost one write at most', async () => {
  const { store, calls } = countedStore()
  const world = new World({ store, renewalTimeout: Infinity })
  const browser = await world.signedIn()
  calls.update = 0
  world.clock.at += GRAIN + 1
  for (let count = 0; count < 100; count++) {
    await browser.visit((session) => session.subject)
    world.clock.at += GRAIN / 100
  }
  assert.equal(calls.update, 1)
})

test('whenever requests come, the recorded idle deadline is never late, and early by one grain at most', async () => {
  const gaps = fc.array(fc.integer({ min: 0, max: IDLE + GRAIN }), { minLength: 1, maxLength: 25 })
  await fc.assert(
    fc.asyncProperty(gaps, async (waits) => {
      const world = new World({ renewalTimeout: Infinity, absoluteTimeout: 24 * HOUR })
      const browser = await world.signedIn()
      let lastActivity = START
      for (const wait of waits) {
        world.clock.at += wait
        const exact = lastActivity + IDLE
        const status = await world.whose(browser.token)
        if (world.clock.at >= START + 24 * HOUR) return assert.equal(status, 'absolute_expired')
        if (world.clock.at >= exact) return assert.equal(status, 'idle_expired')
        if (world.clock.at < exact - GRAIN) assert.equal(status, 'alice')
        if (status !== 'alice') return assert.equal(status, 'idle_expired')
        await browser.visit((session) => session.subject)
        lastActivity = world.clock.at
        const recorded = (await world.record(browser.id)).idleDeadline
        const wanted = Math.min(lastActivity + IDLE, START + 24 * HOUR)
        assert.ok(recorded <= wanted && recorded >= wanted - GRAIN)
      }
    }),
    { numRuns: 200, seed: 7 },
  )
})

test('requests that do not count as activity let the session expire (PCI DSS 8.2.8)', async () => {
  const { store, calls } = countedStore()
  const world = new World({ store, preset: 'pci', renewalTimeout: Infinity })
  const browser = await world.signedIn()
  calls.update = 0
  const polls = { countsAsActivity: false }
  for (let minute = 1; minute < 15; minute++) {
    world.clock.at += MINUTE
    await browser.visit((session) => session.subject, polls)
  }
  world.clock.at += MINUTE - 1
  await browser.visit((session) => assert.equal(session.subject, 'alice'), polls)
  world.clock.at += 1
  assert.equal(await world.whose(browser.token), 'idle_expired')
  assert.equal(calls.update, 0)
})

test('what such a request writes is kept without counting as activity; touch() makes it count', async () => {
  const world = new World({ renewalTimeout: Infinity })
  const browser = await world.signedIn()
  world.clock.at += HOUR / 2
  await browser.visit((session) => session.set('a', 1), { countsAsActivity: false })
  assert.equal((await world.record(browser.id)).idleDeadline, START + IDLE)
  await browser.visit((session) => session.touch(), { countsAsActivity: false })
  assert.equal((await world.record(browser.id)).idleDeadline, world.clock.at + IDLE)
})

test('touch() records activity at once, within the grain too, and starts no session', async () => {
  const world = new World()
  const browser = await world.signedIn()
  world.clock.at += 1
  await browser.visit((session) => session.touch())
  assert.equal((await world.record(browser.id)).lastSeenAt, world.clock.at)
  const { action, open } = await request(world, null, (session) => session.touch())
  assert.equal(action.kind, 'none')
  assert.equal(open.record, null)
})

test('the idle deadline never passes the absolute one', async () => {
  const world = new World({ absoluteTimeout: 90 * MINUTE, renewalTimeout: Infinity })
  const browser = await world.signedIn()
  world.clock.at += 50 * MINUTE
  await browser.visit((session) => assert.equal(session.expiresAt, START + IDLE))
  const { open } = await browser.visit((session) => session.touch())
  assert.equal(open.record?.idleDeadline, START + 90 * MINUTE)
})

test('an idle-expired session cannot be written, touched, updated or signed in to by a request that began before', async () => {
  const clock = fakeClock()
  const world = new World({ renewalTimeout: Infinity }, clock)
  const browser = await world.signedIn()
  const slow = async (work: Parameters<typeof request>[2]): Promise<unknown> => {
    clock.at = START + IDLE - 1
    return await request(world, browser.token, async (session, open) => {
      clock.at += 1
      await work(session, open)
    })
  }
  const ended = { code: 'ERR_SESSION_ENDED' }
  await assert.rejects(() => slow((session) => session.set('a', 1)), ended)
  await assert.rejects(() => slow((session) => session.update('a', () => 1)), ended)
  await assert.rejects(() => slow((session) => session.rotate()), ended)
  await assert.rejects(() => slow((session) => session.reauthenticate()), ended)
  await slow((session) => session.touch())
  clock.at = START + IDLE
  assert.equal(await world.whose(browser.token), 'idle_expired')
  assert.equal((await world.record(browser.id)).data.size, 0)
})
