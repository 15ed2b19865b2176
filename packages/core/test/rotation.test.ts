import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  HOUR,
  MINUTE,
  request,
  SECOND,
  START,
  tokenOf,
  World,
  type WorldOptions,
} from './support/world.js'
import { asyncStore, pullStore } from './support/stores.js'

const RENEWAL = 15 * MINUTE

/** A world in which the first token has been renewed, and perhaps the successor presented. */
async function renewed(
  options: WorldOptions = {},
  presented = true,
): Promise<{ world: World; old: string; successor: string }> {
  const world = new World(options)
  const browser = await world.signedIn()
  const old = browser.token
  world.clock.at += RENEWAL
  await browser.visit((session) => session.subject)
  assert.notEqual(browser.token, old)
  if (presented) await browser.visit((session) => session.subject)
  return { world, old, successor: browser.token }
}

test('a token is renewed in passing from renewalTimeout on, not a millisecond earlier', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const first = browser.token
  world.clock.at = START + RENEWAL - 1
  await browser.visit((session) => session.subject)
  assert.equal(browser.token, first)
  world.clock.at += 1
  const { action } = await browser.visit(() => undefined)
  assert.equal(action.kind, 'set', 'even where the application did not look')
  assert.notEqual(browser.token, first)
  assert.equal(browser.token.slice(0, 22), first.slice(0, 22), 'of the same session')
})

test('renewal can be turned off, and does not happen where no cookie may leave', async () => {
  const world = new World({ renewalTimeout: Infinity })
  const browser = await world.signedIn()
  world.clock.at += HOUR - 1
  assert.equal((await browser.visit((session) => session.subject)).action.kind, 'none')
  const other = new World()
  const insecure = await other.signedIn()
  other.clock.at += HOUR / 2
  const over = await insecure.visit((session) => session.touch(), { refusal: 'plain HTTP' })
  assert.equal(over.action.kind, 'none')
  assert.equal((await other.record(insecure.id)).previous, null)
})

test('a renewal keeps data, subject, id and deadlines, and a CSRF token', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const { value: csrf } = await browser.visit((session) => {
    session.set('cart', ['a'])
    return session.csrfToken()
  })
  const before = await world.record(browser.id)
  world.clock.at += RENEWAL
  await browser.visit(() => undefined)
  const { value } = await browser.visit((session) => {
    assert.deepEqual(session.get('cart'), ['a'])
    return session.verifyCsrfToken(csrf)
  })
  assert.equal(value, true)
  const { id, subject, absoluteDeadline, generation, createdAt } = await world.record(browser.id)
  const { id: i, subject: s, absoluteDeadline: a, generation: g, createdAt: c } = before
  assert.deepEqual([id, subject, absoluteDeadline, generation, createdAt], [i, s, a, g, c])
})

for (const [name, store] of [
  ['at once', undefined],
  ['later', asyncStore],
] as const) {
  test(`200 requests race around a renewal on a store that answers ${name}: one successor for all`, async () => {
    const world = new World(store === undefined ? {} : { store: store() })
    const browser = await world.signedIn()
    world.clock.at += RENEWAL
    const { token } = browser
    const opens = await Promise.all(Array.from({ length: 200 }, () => world.open(token)))
    const actions = await Promise.all(opens.map(async (open) => await open.commit()))
    const successors = new Set(actions.map(tokenOf))
    assert.equal(successors.size, 1)
    assert.ok(!successors.has(token))
    const late = await request(world, token, (session) => session.subject)
    assert.ok(successors.has(tokenOf(late.action)), 'whoever comes later gets the same')
    assert.equal(world.named('session_renewed').length, 1)
    assert.equal(world.named('session_rejected').length, 0)
  })
}

test('a response that is lost signs nobody out: the old token stays good until its successor is presented', async () => {
  const { world, old, successor } = await renewed({}, false)
  for (let turn = 1; turn <= 8; turn++) {
    world.clock.at += 10 * MINUTE
    const { action, value } = await request(world, old, (session) => session.subject)
    assert.equal(value, 'alice')
    assert.equal(tokenOf(action), successor, 'and is answered with that very successor')
  }
})

test('once the successor was presented, the old token is good for rotationGrace, to the millisecond', async () => {
  for (const rotationGrace of [10 * SECOND, 30 * SECOND, 1]) {
    const { world, old, successor } = await renewed({ rotationGrace })
    world.clock.at += rotationGrace
    const { action } = await request(world, old, (session) => session.subject)
    assert.equal(tokenOf(action), successor)
    world.clock.at += 1
    assert.equal(await world.whose(old), 'superseded')
    assert.equal(await world.whose(successor), 'revoked')
  }
})

test('strict: with a grace of 0 the old token is dead as soon as its successor was presented', async () => {
  const { world, old, successor } = await renewed({ rotationGrace: 0 }, false)
  assert.equal(await world.whose(old), 'alice')
  assert.equal((await request(world, successor, (session) => session.subject)).value, 'alice')
  assert.equal(await world.whose(old), 'superseded')
  assert.equal((await world.record(old.slice(0, 22))).reason, 'token_reuse')
})

test('a copy used after the grace ends the session in that request, with its reason', async () => {
  const { world, old, successor } = await renewed()
  world.clock.at += MINUTE
  const { action, open } = await request(world, old, (session) => {
    assert.equal(session.subject, null)
    assert.equal(session.get('a'), undefined)
  })
  assert.equal(action.kind, 'none')
  assert.equal(open.rejection, 'superseded')
  assert.equal(await world.whose(successor), 'revoked')
  assert.equal(await world.whose(old), 'revoked')
  const { revokedAt, reason } = await world.record(old.slice(0, 22))
  assert.deepEqual([revokedAt, reason], [world.clock.at, 'token_reuse'])
  assert.equal(world.named('token_reuse').length, 1)
})

test('a token two renewals old is a copy, even within the grace of the last one', async () => {
  const { world, old, successor } = await renewed()
  world.clock.at += RENEWAL
  const { action } = await request(world, successor, (session) => session.subject)
  assert.equal(await world.whose(old), 'superseded')
  assert.equal(await world.whose(tokenOf(action)), 'revoked')
})

test('a token is not renewed again while its predecessor is still good, however short renewalTimeout', async () => {
  const world = new World({ renewalTimeout: 5 * SECOND, rotationGrace: 10 * SECOND })
  const browser = await world.signedIn()
  const old = browser.token
  world.clock.at += 5 * SECOND
  await browser.visit(() => undefined)
  world.clock.at += SECOND
  await browser.visit(() => undefined)
  const second = browser.token
  world.clock.at += 10 * SECOND
  await browser.visit((session) => session.set('a', 1))
  assert.equal(browser.token, second)
  assert.equal(await world.whose(old), 'alice', 'whoever raced with it is still signed in')
  world.clock.at += 1
  await browser.visit(() => undefined)
  assert.notEqual(browser.token, second)
})

test('a request with the old token writes in its grace, and its answer carries the successor', async () => {
  const { world, old, successor } = await renewed()
  const { action } = await request(world, old, async (session) => {
    session.set('a', 1)
    await session.update('n', () => 1)
  })
  assert.equal(tokenOf(action), successor)
  const { value } = await request(world, successor, (session) => [
    session.get('a'),
    session.get('n'),
  ])
  assert.deepEqual(value, [1, 1])
})

test('signing out in the grace kills both tokens', async () => {
  const { world, old, successor } = await renewed()
  await request(world, old, (session) => session.revoke())
  assert.equal(await world.whose(old), 'revoked')
  assert.equal(await world.whose(successor), 'revoked')
})

test('the store holds no token and no verifier of a renewal, and the old token opens its successor', async () => {
  const { world, old, successor } = await renewed({}, false)
  const stored = JSON.stringify(await world.record(old.slice(0, 22)))
  for (const token of [old, successor]) assert.ok(!stored.includes(token.slice(23, 66)))
  assert.ok(stored.includes('sealed'))
})

for (const [name, store] of [
  ['pushes', undefined],
  ['does not push', pullStore],
] as const) {
  test(`a request that began before a renewal does not start its grace (store that ${name})`, async () => {
    const world = new World(store === undefined ? {} : { store: store() })
    const { token } = await world.signedIn()
    world.clock.at += RENEWAL
    const slow = await world.open(token)
    await request(world, token, () => undefined)
    const session = world.sessionOf(slow)
    await session.update('n', () => 1)
    session.set('a', 1)
    await slow.commit()
    session.set('b', 1)
    await slow.commit()
    world.clock.at += HOUR / 2
    assert.equal(await world.whose(token), 'alice', 'the response with the successor was lost')
  })
}

test('a renewal whose session ended meanwhile sets no cookie and throws nothing', async () => {
  const world = new World()
  const { token, id } = await world.signedIn()
  world.clock.at += RENEWAL
  const open = await world.open(token)
  await world.sessions.revoke(id)
  assert.equal((await open.commit()).kind, 'none')
  assert.equal(world.named('session_renewed').length, 0)
})
