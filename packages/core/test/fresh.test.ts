import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pullStore } from './support/stores.js'
import { MINUTE, request, wrong, World } from './support/world.js'

test('an authentication is fresh to the last millisecond of maxAge', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const freshAt = async (age: number, maxAge: number): Promise<boolean> => {
    world.clock.at += age
    const { value } = await request(world, browser.token, (session) => session.isFresh({ maxAge }))
    world.clock.at -= age
    return value
  }
  assert.equal(await freshAt(0, 0), true)
  assert.equal(await freshAt(1, 0), false)
  assert.equal(await freshAt(5 * MINUTE, 5 * MINUTE), true)
  assert.equal(await freshAt(5 * MINUTE + 1, 5 * MINUTE), false)
  assert.equal(await freshAt(10 * MINUTE, Infinity), true)
})

test('requireFresh lets a fresh one pass, and tells a stale one from nobody', async () => {
  const world = new World()
  const browser = await world.signedIn()
  await browser.visit((session) => session.requireFresh({ maxAge: 0 }))
  world.clock.at += MINUTE + 500
  await browser.visit((session) =>
    assert.throws(() => session.requireFresh({ maxAge: MINUTE + 499 }), {
      name: 'SessionError',
      code: 'ERR_SESSION_NOT_FRESH',
      maxAgeSeconds: 60,
      retryable: false,
    }),
  )
  for (const token of [null, (await world.anonymous()).token]) {
    await request(world, token, (session) => {
      assert.equal(session.isFresh({ maxAge: Infinity }), false)
      assert.throws(() => session.requireFresh({ maxAge: Infinity }), {
        code: 'ERR_SESSION_NOT_AUTHENTICATED',
      })
    })
  }
})

test('only proving oneself makes fresh: no activity, rotation, renewal, update or write does', async () => {
  const world = new World()
  const browser = await world.signedIn()
  world.clock.at += 20 * MINUTE
  await browser.visit(async (session) => {
    session.touch()
    session.set('authenticatedAt', world.clock.at)
    await session.update('a', () => 1)
    await session.rotate()
    await session.revokeOthers()
  })
  await browser.visit((session) => assert.equal(session.isFresh({ maxAge: 19 * MINUTE }), false))
  await browser.visit((session) => session.reauthenticate())
  await browser.visit((session) => assert.equal(session.isFresh({ maxAge: 0 }), true))
})

test('an authentication from the future was dated by a wrong clock: not fresh', async () => {
  const world = new World({ store: pullStore() })
  const { token } = await world.signedIn()
  world.clock.at -= 1
  const { value } = await request(world, token, (session) => [
    session.subject,
    session.isFresh({ maxAge: Infinity }),
  ])
  assert.deepEqual(value, ['alice', false])
})

test('methods: one of those asked for must have been used', async () => {
  const world = new World()
  const browser = await world.signedIn('alice', { methods: ['pwd', 'otp'] })
  const { value } = await browser.visit((session) =>
    [['otp'], ['hwk', 'otp'], ['hwk'], ['OTP'], []].map((methods) =>
      session.isFresh({ maxAge: MINUTE, methods }),
    ),
  )
  assert.deepEqual(value, [true, true, false, false, false])
  await browser.visit((session) =>
    assert.throws(() => session.requireFresh({ maxAge: MINUTE, methods: ['hwk'] }), {
      code: 'ERR_SESSION_NOT_FRESH',
    }),
  )
})

test('a maxAge that is no duration is a TypeError, never fresh', async () => {
  const world = new World()
  const browser = await world.signedIn()
  await browser.visit((session) => {
    for (const maxAge of [undefined, null, NaN, -1, '60000', {}]) {
      const expected = { name: 'TypeError', message: /maxAge/ }
      assert.throws(() => session.isFresh(wrong({ maxAge })), expected)
      assert.throws(() => session.requireFresh(wrong({ maxAge })), expected)
    }
  })
})

test('another session’s proof, or one before the session ended, counts for nothing', async () => {
  const world = new World()
  const stale = await world.signedIn()
  world.clock.at += 10 * MINUTE
  await world.signedIn()
  await stale.visit((session) => assert.equal(session.isFresh({ maxAge: MINUTE }), false))
  await stale.visit(async (session) => {
    await session.reauthenticate()
    await session.revoke()
    assert.equal(session.isFresh({ maxAge: MINUTE }), false)
  })
})
