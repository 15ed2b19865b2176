import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionInfo } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { asyncStore, countedStore, pullStore, wrapStore } from './support/stores.js'
import { type Browser, HOUR, request, wrong, World } from './support/world.js'

async function listed(
  world: World,
  subject: string,
  includeEnded?: boolean,
): Promise<SessionInfo[]> {
  const found: SessionInfo[] = []
  const options = includeEnded === undefined ? {} : { includeEnded }
  for await (const info of world.sessions.list(subject, options)) found.push(info)
  return found
}

test('resolve() tells an active session from none and from a rejected one', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const { sessions } = world
  assert.deepEqual(await sessions.resolve(null), { status: 'none' })
  assert.deepEqual(await sessions.resolve(''), { status: 'rejected', reason: 'malformed' })
  const found = await sessions.resolve(browser.token)
  assert.ok(found.status === 'active')
  assert.equal(found.session.subject, 'alice')
  assert.equal(await found.session.update('n', () => 1), 1)
  assert.throws(() => found.session.set('n', 2), { code: 'ERR_SESSION_RESPONSE_COMMITTED' })
  await assert.rejects(() => found.session.authenticate('bob'), {
    code: 'ERR_SESSION_RESPONSE_COMMITTED',
  })
  await found.session.revoke('support')
  assert.deepEqual(await sessions.resolve(browser.token), { status: 'rejected', reason: 'revoked' })
})

test('resolve() answers at once where the store does, and later where it does', async () => {
  const world = new World()
  const { token } = await world.signedIn()
  assert.ok('status' in world.sessions.resolve(token))
  const slow = new World({ store: asyncStore(), cacheSize: 0 })
  const { token: other } = await slow.signedIn()
  const later = slow.sessions.resolve(other)
  assert.ok('then' in later)
  assert.equal((await later).status, 'active')
})

test('get() shows a session by its id, an ended one too; an unknown or malformed id is null', async () => {
  const world = new World()
  const browser = await world.signedIn('alice', { methods: ['pwd'], remember: true })
  const { sessions } = world
  assert.deepEqual(await sessions.get(browser.id), {
    id: browser.id,
    subject: 'alice',
    createdAt: world.clock.at,
    authenticatedAt: world.clock.at,
    methods: ['pwd'],
    lastSeenAt: world.clock.at,
    expiresAt: world.clock.at + HOUR,
    absoluteDeadline: world.clock.at + 24 * HOUR,
    persistent: true,
    client: null,
    revokedAt: null,
    reason: null,
  })
  await sessions.revoke(browser.id, { reason: 'support' })
  const ended = await sessions.get(browser.id)
  assert.deepEqual([ended?.revokedAt, ended?.reason], [world.clock.at, 'support'])
  for (const id of ['', 'a', 'a'.repeat(22), `${browser.id}x`, '../../x', browser.token])
    assert.equal(await sessions.get(id), null)
  for (const id of [undefined, null, 5, {}]) assert.equal(await sessions.get(wrong(id)), null)
})

test('list() gives every live session of a subject, page after page, and nothing secret', async () => {
  const counted = countedStore()
  const world = new World({ store: counted.store })
  const ids = new Set<string>()
  const tokens: string[] = []
  for (let count = 0; count < 450; count++) {
    const browser = await world.signedIn()
    ids.add(browser.id)
    tokens.push(browser.token)
  }
  await world.signedIn('bob')
  await world.anonymous()
  counted.take()
  const found = await listed(world, 'alice')
  assert.equal(counted.take(), 'list 3')
  assert.deepEqual(new Set(found.map(({ id }) => id)), ids)
  assert.equal(found.length, 450)
  const shown = JSON.stringify(found)
  for (const token of tokens) assert.ok(!shown.includes(token.slice(23, 66)))
  const stored = await world.record(found[0]?.id ?? '')
  assert.ok(!shown.includes(stored.verifierHash))
  assert.deepEqual(await listed(world, 'nobody'), [])
})

test('list() leaves out what has ended or expired, unless asked', async () => {
  const world = new World()
  const [live, dead, old] = [await world.signedIn(), await world.signedIn(), await world.signedIn()]
  await world.sessions.revoke(dead.id)
  world.clock.at += HOUR / 2
  await live.visit((session) => session.touch())
  world.clock.at += HOUR / 2
  assert.deepEqual(
    (await listed(world, 'alice')).map(({ id }) => id),
    [live.id],
  )
  const all = await listed(world, 'alice', true)
  assert.deepEqual(new Set(all.map(({ id }) => id)), new Set([live.id, dead.id, old.id]))
})

test('revoke() ends one session and says whether it was live', async () => {
  const world = new World()
  const [mine, other] = [await world.signedIn(), await world.signedIn()]
  const { sessions } = world
  assert.equal(await sessions.revoke(mine.id), true)
  assert.equal(await sessions.revoke(mine.id), false)
  assert.deepEqual(
    [await world.whose(mine.token), await world.whose(other.token)],
    ['revoked', 'alice'],
  )
  for (const id of ['', 'x', 'a'.repeat(22), mine.token, `${other.id}\n`])
    assert.equal(await sessions.revoke(id), false)
  for (const id of [undefined, null, 5, {}]) assert.equal(await sessions.revoke(wrong(id)), false)
  assert.equal(await world.whose(other.token), 'alice')
})

test('revokeAll() ends every session of a subject but the one excepted, and no one else’s', async () => {
  const world = new World()
  const browsers: Browser[] = []
  for (let count = 0; count < 5; count++) browsers.push(await world.signedIn())
  const [kept, ...others] = browsers
  const bob = await world.signedIn('bob')
  assert.ok(kept !== undefined)
  const reason = 'password_changed'
  assert.equal(await world.sessions.revokeAll('alice', { reason, except: kept.id }), 4)
  for (const { token } of others) assert.equal(await world.whose(token), 'revoked')
  assert.equal((await world.record(others[0]?.id ?? '')).reason, reason)
  assert.deepEqual([await world.whose(kept.token), await world.whose(bob.token)], ['alice', 'bob'])
  assert.equal(await world.sessions.revokeAll('alice', { except: null }), 1)
  assert.equal(await world.whose(kept.token), 'revoked')
  assert.equal(await world.sessions.revokeAll('alice'), 0)
})

test('revokeOthers() ends the others of the subject and says how many', async () => {
  const world = new World()
  const [mine, other] = [await world.signedIn(), await world.signedIn()]
  const { value } = await mine.visit((session) => session.revokeOthers())
  assert.equal(value, 1)
  assert.deepEqual(
    [await world.whose(mine.token), await world.whose(other.token)],
    ['alice', 'revoked'],
  )
  assert.equal((await world.record(other.id)).reason, 'logout_others')
})

test('disabling a subject with 1,000 live sessions: none is accepted afterwards, remembered ones neither', async () => {
  const world = new World()
  const tokens: string[] = []
  for (let count = 0; count < 1000; count++) tokens.push((await world.signedIn()).token)
  for (const token of tokens) assert.equal(await world.whose(token), 'alice')
  assert.equal(await world.sessions.revokeAll('alice', { reason: 'disabled' }), 1000)
  for (const token of tokens) assert.equal(await world.whose(token), 'revoked')
})

test('ending everyone takes the same few store calls however many there are, and reaches them all', async () => {
  const costs: string[] = []
  for (const count of [10, 1000]) {
    const counted = countedStore()
    const world = new World({ store: counted.store })
    const browsers: Browser[] = []
    for (let at = 0; at < count; at++)
      browsers.push(at % 2 === 0 ? await world.signedIn(`user${at}`) : await world.anonymous())
    for (const { token } of browsers) await world.whose(token)
    counted.take()
    await world.sessions.revokeEveryone({ reason: 'incident' })
    costs.push(counted.take())
    for (const { token } of browsers) assert.equal(await world.whose(token), 'revoked')
    assert.equal((await world.sessions.get(browsers[0]?.id ?? ''))?.reason, 'incident')
    assert.equal(await world.whose((await world.signedIn('after')).token), 'after')
  }
  assert.deepEqual(costs, ['revoke 1', 'revoke 1'])
})

test('a sign-in that began before its subject, or everyone, was revoked is refused', async () => {
  for (const store of [memoryStore(), asyncStore(), pullStore()]) {
    const world = new World({ store })
    const revoke = [() => world.sessions.revokeAll('alice'), () => world.sessions.revokeEveryone()]
    for (const end of revoke) {
      const anonymous = await world.anonymous()
      for (const token of [null, anonymous.token]) {
        const open = await world.open(token)
        await end()
        const signIn = world.sessionOf(open).authenticate('alice')
        await assert.rejects(signIn, { code: 'ERR_SESSION_ENDED' })
        assert.equal((await open.commit()).kind, 'none')
        const { action } = await request(world, null, (session) => session.authenticate('alice'))
        assert.equal(action.kind, 'set', 'one that begins afterwards is not')
      }
    }
  }
})

test('an anonymous session that was about to start when everyone was revoked does not start', async () => {
  const world = new World()
  const open = await world.open(null)
  world.sessionOf(open).set('a', 1)
  await world.sessions.revokeEveryone()
  await assert.rejects(async () => await open.commit(), { code: 'ERR_SESSION_ENDED' })
  assert.equal(world.named('session_created').length, 0)
  assert.equal((await request(world, null, (session) => session.set('a', 1))).action.kind, 'set')
})

const reasons: readonly unknown[] = ['', 'a'.repeat(65), 5, null, {}, ['x']]
test('a reason that is no short text, or a subject that is none, is a TypeError and ends nothing', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const { sessions } = world
  for (const bad of reasons) {
    const reason = wrong<string>(bad)
    const expected = { name: 'TypeError', message: /^reason/ }
    await assert.rejects(() => sessions.revoke(browser.id, { reason }), expected)
    await assert.rejects(() => sessions.revokeAll('alice', { reason }), expected)
    await assert.rejects(() => sessions.revokeEveryone({ reason }), expected)
    await browser.visit(async (session) => {
      await assert.rejects(session.revoke(reason), expected, 'as a rejection')
      await assert.rejects(session.revokeOthers(reason), expected)
    })
  }
  for (const bad of ['', undefined, 5, 'a'.repeat(256)]) {
    const expected = { name: 'TypeError', message: /^subject/ }
    await assert.rejects(() => sessions.revokeAll(wrong(bad)), expected)
    await assert.rejects(() => sessions.list(wrong(bad)).next(), expected)
  }
  assert.equal(await world.whose(browser.token), 'alice')
})

test('sweep() deletes what is past its time, keeps the rest, and keeps tombstones to their absolute end', async () => {
  const world = new World()
  const browsers: Browser[] = []
  for (let count = 0; count < 1200; count++) browsers.push(await world.anonymous())
  const ended = await world.signedIn()
  await world.sessions.revoke(ended.id)
  assert.equal(await world.sessions.sweep(), 0)
  world.clock.at += HOUR / 2
  const live = await world.signedIn('bob')
  world.clock.at += HOUR / 2 + 1000
  const [first, second] = await Promise.all([world.sessions.sweep(), world.sessions.sweep()])
  assert.deepEqual([first, second], [1200, 1200], 'two calls at once share one run')
  for (const { id } of browsers.slice(0, 20)) assert.equal(await world.store.find(id), null)
  assert.equal(await world.whose(live.token), 'bob')
  assert.equal(await world.whose(ended.token), 'revoked')
  world.clock.at += 24 * HOUR
  assert.equal(await world.sessions.sweep(), 2)
  assert.equal(await world.whose(ended.token), 'unknown')
})

test('close() closes the store once all is done, and nothing is answered from memory afterwards', async () => {
  const inner = memoryStore()
  const watching = new Set<unknown>()
  const store = wrapStore(inner, {
    watch: (listener) => {
      watching.add(listener)
      return () => {
        watching.delete(listener)
      }
    },
  })
  const world = new World({ store, sweepInterval: 1000 })
  const { token, id } = await world.signedIn()
  assert.equal(await world.whose(token), 'alice')
  await world.sessions.close()
  await world.sessions.close()
  assert.equal(watching.size, 0)
  const closed = { code: 'ERR_SESSION_STORE_CLOSED' }
  await assert.rejects(() => world.open(token), closed)
  await assert.rejects(() => world.signedIn(), closed)
  await assert.rejects(() => world.sessions.revoke(id), closed)
})
