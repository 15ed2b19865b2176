import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { pullStore } from './support/stores.js'
import { type Browser, HOUR, MINUTE, request, SECOND, START, World } from './support/world.js'

const DAY = 24 * HOUR

async function busyUntil(world: World, browser: Browser, end: number): Promise<void> {
  while (world.clock.at + 10 * MINUTE < end) {
    world.clock.at += 10 * MINUTE
    await browser.visit((session) => session.set('at', world.clock.at))
  }
  world.clock.at = end
}

test('a session that is always busy lives to the last millisecond of absoluteTimeout, and not one more', async () => {
  const world = new World()
  const browser = await world.signedIn()
  await busyUntil(world, browser, START + DAY - 1)
  assert.equal(await world.whose(browser.token), 'alice')
  world.clock.at += 1
  assert.equal(await world.whose(browser.token), 'absolute_expired')
  world.clock.at += 1
  assert.equal(await world.whose(browser.token), 'absolute_expired')
})

test('an anonymous session ends absolutely too; signing in starts the life of the signed-in session', async () => {
  const world = new World({ absoluteTimeout: 2 * HOUR, renewalTimeout: Infinity })
  const left = await world.anonymous()
  const taken = await world.anonymous()
  for (const at of [START + HOUR / 2, START + HOUR]) {
    world.clock.at = at
    await left.visit((session) => session.touch())
    await taken.visit((session) => session.touch())
  }
  await taken.visit((session) => session.authenticate('alice'))
  for (const at of [START + 1.75 * HOUR, START + 2 * HOUR - 1]) {
    world.clock.at = at
    await left.visit((session) => session.touch())
    await taken.visit((session) => session.touch())
  }
  world.clock.at = START + 2 * HOUR
  assert.equal(await world.whose(left.token), 'absolute_expired')
  assert.equal(await world.whose(taken.token), 'alice')
  assert.equal((await world.record(taken.id)).absoluteDeadline, START + 3 * HOUR)
})

const steps = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 50 * MINUTE }),
    what: fc.constantFrom(
      'read',
      'touch',
      'write',
      'update',
      'rotate',
      'reauthenticate',
      'authenticate',
      'old token',
      'revoke others',
      'clock back',
      'flash',
    ),
  }),
  { minLength: 1, maxLength: 40 },
)

test('no sequence of touches, writes, rotations, sign-ins and clock jumps moves the absolute end (P8)', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const world = new World({ absoluteTimeout: 4 * HOUR })
      const browser = await world.signedIn('alice', { remember: true })
      const first = browser.token
      const end = START + 4 * HOUR
      for (const { wait, what } of sequence) {
        world.clock.at += what === 'clock back' ? -Math.min(wait, world.clock.at - START) : wait
        const token = what === 'old token' ? first : browser.token
        const before = await world.whose(token)
        if (world.clock.at >= end) assert.notEqual(before, 'alice')
        if (before !== 'alice') continue
        const { open, action } = await request(world, token, async (session) => {
          if (what === 'touch') session.touch()
          else if (what === 'write') session.set('a', wait)
          else if (what === 'update') await session.update('n', (n) => Number(n ?? 0) + 1)
          else if (what === 'rotate') await session.rotate()
          else if (what === 'reauthenticate') await session.reauthenticate()
          else if (what === 'authenticate') await session.authenticate('alice', { remember: true })
          else if (what === 'revoke others') await session.revokeOthers()
          else if (what === 'flash') session.flash('note', wait)
        })
        browser.take(action)
        assert.equal(open.record?.absoluteDeadline, end)
        assert.ok((open.record?.idleDeadline ?? 0) <= end)
        if (action.kind === 'set') assert.equal(action.maxAge, end - world.clock.at)
      }
      world.clock.at = Math.max(world.clock.at, end)
      assert.notEqual(await world.whose(browser.token), 'alice')
    }),
    { numRuns: 250, seed: 8 },
  )
})

test('remember me: the cookie lives for what is left of the absolute life; otherwise for the browser', async () => {
  const world = new World({ preset: 'aal1' })
  const browser = await world.signedIn('alice', { remember: true })
  const ages: (number | null)[] = []
  for (let day = 1; day <= 3; day++) {
    world.clock.at += DAY
    const { action } = await browser.visit((session) => session.rotate())
    assert.ok(action.kind === 'set')
    ages.push(action.maxAge)
  }
  assert.deepEqual(ages, [29 * DAY, 28 * DAY, 27 * DAY])
  world.clock.at += HOUR
  const renewed = await browser.visit((session) => session.subject)
  assert.ok(renewed.action.kind === 'set')
  assert.equal(renewed.action.maxAge, 27 * DAY - HOUR, 'by renewal in passing too')
  const proved = await browser.visit((session) => session.reauthenticate())
  assert.ok(proved.action.kind === 'set')
  assert.equal(proved.action.maxAge, 27 * DAY - HOUR, 'by a step-up too')
  const { action } = await browser.visit((session) => session.authenticate('alice'))
  assert.ok(action.kind === 'set')
  assert.equal(action.maxAge, null, 'not asked for at the latest sign-in')
})

test('a clock that jumps ahead and back ends no session that a steady clock would keep', async () => {
  const world = new World({ store: pullStore() })
  const { token } = await world.signedIn()
  world.clock.at = START + DAY
  assert.equal(await world.whose(token), 'absolute_expired')
  world.clock.at = START + MINUTE
  assert.equal(await world.whose(token), 'alice')
})

test('a clock that jumps back revives nothing that was ended by decision', async () => {
  const world = new World()
  const { token, id } = await world.signedIn()
  world.clock.at = START + 2 * HOUR
  assert.equal(await world.sessions.revoke(id), false, 'it had expired already')
  world.clock.at = START + MINUTE
  assert.equal(await world.whose(token), 'revoked')
})

test('a session made by a clock that was ahead is not honoured once the clock is right', async () => {
  for (const [ahead, expected] of [
    [5 * MINUTE, 'alice'],
    [5 * MINUTE + 1, 'absolute_expired'],
    [DAY, 'absolute_expired'],
  ] as const) {
    const world = new World()
    world.clock.at = START + ahead
    const { token } = await world.signedIn()
    world.clock.at = START
    assert.equal(await world.whose(token), expected)
    world.clock.at = START + ahead
    assert.equal(await world.whose(token), 'alice', 'as soon as it is no longer of the future')
  }
})

test('an anonymous session made by a clock that was ahead is not honoured either', async () => {
  const world = new World({ store: pullStore() })
  world.clock.at = START + 5 * MINUTE + 1
  const { token } = await world.anonymous()
  world.clock.at = START
  assert.equal(await world.whose(token), 'absolute_expired')
  world.clock.at += 1
  assert.equal(await world.whose(token), 'anonymous')
})

test('nor is an anonymous session that was signed in to by such a clock', async () => {
  const world = new World({ store: pullStore() })
  const browser = await world.anonymous()
  world.clock.at = START + HOUR / 2
  await browser.visit((session) => session.authenticate('alice'))
  world.clock.at = START + MINUTE
  assert.equal(await world.whose(browser.token), 'absolute_expired')
})

test('with the clock set back, a replaced token is not good for longer than its grace', async () => {
  const world = new World({ store: pullStore() })
  const browser = await world.signedIn()
  const old = browser.token
  world.clock.at += 16 * MINUTE
  await browser.visit((session) => session.subject)
  await browser.visit((session) => session.subject)
  assert.equal(await world.whose(old), 'alice', 'within its grace')
  world.clock.at -= 14 * MINUTE
  assert.notEqual(await world.whose(old), 'alice')
})

test('a clock with fractions of a millisecond keeps every deadline', async () => {
  const world = new World({ store: pullStore() })
  world.clock.at = START + 0.75
  const browser = await world.anonymous()
  world.clock.at += 1000.25
  await browser.visit((session) => session.authenticate('alice'))
  world.clock.at += HOUR - 3 * SECOND
  await browser.visit((session) => {
    assert.equal(session.subject, 'alice')
    assert.ok(session.isFresh({ maxAge: HOUR }))
  })
  world.clock.at = START + DAY - 5 * SECOND
  assert.equal(await world.whose(browser.token), 'idle_expired')
  const record = await world.record(browser.id)
  assert.ok(Math.abs(record.absoluteDeadline - (START + 1001 + DAY)) <= 1)
})

test('a clock that gives no number honours nobody', async () => {
  for (const broken of [NaN, Infinity, -Infinity]) {
    const world = new World({ store: pullStore() })
    const { token } = await world.signedIn()
    world.clock.at = broken
    await world.whose(token).then(
      (who) => assert.notEqual(who, 'alice', String(broken)),
      () => undefined,
    )
  }
})
