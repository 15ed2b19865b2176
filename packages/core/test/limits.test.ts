import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asyncStore, pullStore } from './support/stores.js'
import { type Browser, HOUR, MINUTE, World } from './support/world.js'

async function three(world: World): Promise<readonly [Browser, Browser, Browser]> {
  const browsers: Browser[] = []
  for (let count = 0; count < 3; count++) {
    world.clock.at += MINUTE
    browsers.push(await world.signedIn())
  }
  const [first, second, third] = browsers
  assert.ok(first !== undefined && second !== undefined && third !== undefined)
  return [first, second, third]
}

async function liveOnes(world: World): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { id } of world.sessions.list('alice')) ids.push(id)
  return ids.toSorted()
}

test('reject: one sign-in too many is refused, and all before it live on', async () => {
  const world = new World({ maxSessionsPerSubject: 3, onLimit: 'reject' })
  const browsers = await three(world)
  const anonymous = await world.anonymous({ cart: ['a'] })
  const limit = { code: 'ERR_SESSION_LIMIT', retryable: false }
  await assert.rejects(() => world.signedIn(), limit)
  await assert.rejects(() => anonymous.visit((session) => session.authenticate('alice')), limit)
  for (const { token } of browsers) assert.equal(await world.whose(token), 'alice')
  assert.equal(await world.whose(anonymous.token), 'anonymous', 'and keeps what it had')
  await anonymous.visit((session) => assert.deepEqual(session.get('cart'), ['a']))
  await browsers[0].visit((session) => session.revoke())
  await anonymous.visit((session) => session.authenticate('alice'))
  assert.equal(await world.whose(anonymous.token), 'alice', 'once there is room')
})

test('evict-oldest: the session that was created first goes, however active', async () => {
  const world = new World({ maxSessionsPerSubject: 3 })
  const [first, second, third] = await three(world)
  world.clock.at += 10 * MINUTE
  await first.visit((session) => session.touch())
  const fourth = await world.signedIn()
  assert.deepEqual(await liveOnes(world), [second.id, third.id, fourth.id].toSorted())
  assert.equal(await world.whose(first.token), 'revoked')
  assert.equal((await world.record(first.id)).reason, 'evicted')
})

test('evict-idle: the session that was idle longest goes, however new', async () => {
  const world = new World({ maxSessionsPerSubject: 3, onLimit: 'evict-idle' })
  const [first, second, third] = await three(world)
  world.clock.at += 10 * MINUTE
  await first.visit((session) => session.touch())
  await third.visit((session) => session.touch())
  const fourth = await world.signedIn()
  assert.deepEqual(await liveOnes(world), [first.id, third.id, fourth.id].toSorted())
  assert.equal(await world.whose(second.token), 'revoked')
})

test('a sign-in on an anonymous session counts too, and one that is signed in already does not', async () => {
  const world = new World({ maxSessionsPerSubject: 1 })
  const first = await world.signedIn()
  const anonymous = await world.anonymous()
  await anonymous.visit((session) => session.authenticate('alice'))
  assert.deepEqual(await liveOnes(world), [anonymous.id])
  assert.equal(await world.whose(first.token), 'revoked')
  await anonymous.visit((session) => session.authenticate('alice'))
  await anonymous.visit((session) => session.reauthenticate())
  assert.equal(await world.whose(anonymous.token), 'alice')
})

test('what has ended, expired or is another subject’s takes no place', async () => {
  const world = new World({ maxSessionsPerSubject: 2, onLimit: 'reject' })
  const ended = await world.signedIn()
  await world.sessions.revoke(ended.id)
  await world.signedIn()
  await world.signedIn('bob')
  world.clock.at += HOUR
  await world.signedIn()
  await world.signedIn()
  await assert.rejects(() => world.signedIn(), { code: 'ERR_SESSION_LIMIT' })
})

for (const onLimit of ['reject', 'evict-oldest', 'evict-idle'] as const) {
  test(`${onLimit}: 50 sign-ins at once never exceed the limit`, async () => {
    for (const store of [undefined, asyncStore(), pullStore(asyncStore())]) {
      const world = new World({
        maxSessionsPerSubject: 5,
        onLimit,
        ...(store === undefined ? {} : { store }),
      })
      const results = await Promise.allSettled(Array.from({ length: 50 }, () => world.signedIn()))
      const done = results.filter(({ status }) => status === 'fulfilled').length
      assert.equal(done, onLimit === 'reject' ? 5 : 50)
      assert.equal((await liveOnes(world)).length, 5)
      const excess = world.named('excess_sessions_exceeded')
      assert.equal(excess.length, 45)
      assert.ok(
        excess.every(({ outcome }) => outcome === (onLimit === 'reject' ? 'rejected' : 'evicted')),
      )
    }
  })
}
