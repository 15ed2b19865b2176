import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '@holdfast/core/engine'
import { type AnyData, HOUR, request, SECOND, wrong, World } from './support/world.js'

const changes: readonly (readonly [string, (session: Session<AnyData>) => Promise<void>])[] = [
  ['signing in', (session) => session.authenticate('alice')],
  ['proving oneself again', (session) => session.reauthenticate()],
  ['a change of privilege', (session) => session.rotate()],
]
for (const [name, change] of changes) {
  test(`${name}: a new token, the old one and its CSRF token dead before the response has left`, async () => {
    const world = new World()
    const browser = await world.signedIn()
    const old = browser.token
    const { value: csrf } = await browser.visit((session) => session.csrfToken())
    const open = await world.open(old)
    const session = world.sessionOf(open)
    await change(session)
    assert.equal(await world.whose(old), 'superseded', 'dead when the call returns')
    assert.equal(session.verifyCsrfToken(csrf), false)
    browser.take(await open.commit())
    assert.notEqual(browser.token, old)
    assert.equal(await world.whose(browser.token), 'alice')
    await browser.visit((later) => assert.equal(later.verifyCsrfToken(csrf), false))
  })

  test(`${name}: what requests with the old token still write is refused, not lost in silence`, async () => {
    const world = new World()
    const browser = await world.signedIn()
    const slow = await world.open(browser.token)
    const alsoSlow = await world.open(browser.token)
    const reader = await world.open(browser.token)
    await browser.visit(change)
    world.sessionOf(slow).set('a', 1)
    await assert.rejects(async () => await slow.commit(), { code: 'ERR_SESSION_ENDED' })
    const update = world.sessionOf(alsoSlow).update('a', () => 1)
    await assert.rejects(update, { code: 'ERR_SESSION_ENDED' })
    world.sessionOf(reader).touch()
    assert.equal((await reader.commit()).kind, 'none', 'activity is moot')
    assert.equal((await world.record(browser.id)).data.size, 0)
    assert.equal(world.named('session_write_refused').length, 1)
  })

  test(`${name}: a straggler in the 10 s after it is turned away, a later one ends the session`, async () => {
    const world = new World()
    const browser = await world.signedIn()
    const old = browser.token
    await browser.visit(change)
    world.clock.at += 10 * SECOND
    const straggler = await request(world, old, (session) => session.subject)
    assert.deepEqual([straggler.value, straggler.open.rejection], [null, 'superseded'])
    assert.equal(straggler.action.kind, 'none', 'and its answer does not touch the new cookie')
    assert.equal(await world.whose(browser.token), 'alice')
    assert.equal(world.named('token_reuse').length, 0)
    world.clock.at += 1
    assert.equal(await world.whose(old), 'superseded')
    assert.equal(await world.whose(browser.token), 'revoked')
    assert.equal(world.named('token_reuse').length, 1)
  })
}

test('a straggler of a sign-in starts no anonymous session that would overwrite the new cookie', async () => {
  const world = new World()
  const browser = await world.anonymous()
  const old = browser.token
  await browser.visit((session) => session.authenticate('alice'))
  const writes = (): Promise<unknown> => request(world, old, (session) => session.set('a', 1))
  await assert.rejects(writes, { code: 'ERR_SESSION_ENDED' })
  const signIn = await request(world, old, (session) => session.authenticate('bob'))
  assert.equal(signIn.action.kind, 'set', 'but a sign-in is meant')
})

test('signing in keeps the id and the data of the anonymous session, unless told otherwise', async () => {
  const world = new World()
  for (const keepData of [undefined, true, false]) {
    const browser = await world.anonymous({ cart: ['a'], theme: 'dark' })
    const { id } = browser
    await browser.visit(async (session) => {
      session.set('theme', 'light')
      session.flash('note', 'hello')
      await session.authenticate('alice', keepData === undefined ? {} : { keepData })
      assert.equal(session.id, id)
      session.set('late', true)
    })
    const { value } = await browser.visit(async (session) => [
      session.get('cart'),
      session.get('theme'),
      session.get('late'),
      await session.takeFlash('note'),
    ])
    const cart = keepData === false ? undefined : ['a']
    assert.deepEqual(value, [cart, 'light', true, 'hello'], `keepData ${keepData}`)
  }
})

test('signing in without a session starts one', async () => {
  const world = new World()
  const browser = await world.signedIn('alice', { methods: ['pwd', 'otp'] })
  await browser.visit((session) => {
    assert.equal(session.subject, 'alice')
    assert.deepEqual(session.methods, ['pwd', 'otp'])
    assert.equal(session.authenticatedAt, world.clock.at)
    assert.equal(session.createdAt, world.clock.at)
  })
})

test('another subject on a signed-in session: the old session is revoked and none of its data goes over', async () => {
  const world = new World()
  const browser = await world.signedIn('alice')
  await browser.visit((session) => session.set('secret', 'of alice'))
  const [oldId, oldToken] = [browser.id, browser.token]
  await browser.visit(async (session) => {
    session.set('also', 'of alice')
    await session.authenticate('bob')
    assert.notEqual(session.id, oldId)
    assert.deepEqual(session.keys(), [])
  })
  assert.equal(await world.whose(browser.token), 'bob')
  assert.equal(await world.whose(oldToken), 'revoked')
  assert.equal((await world.record(oldId)).reason, 'account_switched')
  await browser.visit((session) => assert.deepEqual(session.keys(), []))
})

test('proving oneself again keeps the methods or takes new ones; rotation changes neither', async () => {
  const world = new World()
  const browser = await world.signedIn('alice', { methods: ['pwd'] })
  const [first] = [world.clock.at]
  world.clock.at += HOUR / 2
  await browser.visit((session) => session.rotate())
  await browser.visit((session) => assert.equal(session.authenticatedAt, first))
  await browser.visit((session) => session.reauthenticate())
  await browser.visit((session) => {
    assert.deepEqual([session.authenticatedAt, session.methods], [world.clock.at, ['pwd']])
  })
  await browser.visit((session) => session.reauthenticate({ methods: ['hwk'] }))
  await browser.visit((session) => assert.deepEqual(session.methods, ['hwk']))
})

test('nobody can prove himself again on an anonymous session, or on none', async () => {
  const world = new World()
  const browser = await world.anonymous()
  const expected = { code: 'ERR_SESSION_NOT_AUTHENTICATED' }
  await assert.rejects(() => browser.visit((session) => session.reauthenticate()), expected)
  await assert.rejects(() => request(world, null, (session) => session.reauthenticate()), expected)
  await assert.rejects(() => request(world, null, (session) => session.revokeOthers()), expected)
})

test('where no cookie may leave, nothing that needs one happens, and nothing is stored', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const before = await world.record(browser.id)
  const facts = { refusal: 'the request came over plain HTTP' }
  const refused = { code: 'ERR_SESSION_INSECURE_TRANSPORT', message: facts.refusal }
  for (const [, change] of changes)
    await assert.rejects(() => browser.visit(change, facts), refused)
  assert.deepEqual(await world.record(browser.id), before)
  const anonymous: readonly ((session: Session<AnyData>) => unknown)[] = [
    (session) => session.set('a', 1),
    (session) => session.csrfToken(),
    (session) => session.flash('a', 1),
    (session) => session.update('a', () => 1),
    (session) => session.authenticate('alice'),
  ]
  for (const work of anonymous)
    await assert.rejects(
      () => request(world, null, async (session) => await work(session), facts),
      refused,
    )
  assert.equal(world.named('session_created').length, 1)
})

const subjects: readonly unknown[] = [
  undefined,
  null,
  5,
  {},
  '',
  'a'.repeat(256),
  'a\ud800',
  ['alice'],
]
test('a subject that is no text of 1 to 255 characters is a TypeError, and changes nothing', async () => {
  const world = new World()
  for (const subject of subjects) {
    const work = (session: Session<AnyData>): Promise<void> => session.authenticate(wrong(subject))
    await assert.rejects(() => request(world, null, work), {
      name: 'TypeError',
      message: /^subject/,
    })
  }
  await world.signedIn('ä'.repeat(255))
  assert.equal(world.named('session_created').length, 1)
})

test('methods that are no short list of short texts are a TypeError, and change nothing', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const before = await world.record(browser.id)
  for (const bad of ['pwd', [5], [null], Array<string>(17).fill('a'), ['a'.repeat(65)], {}]) {
    const methods = wrong<string[]>(bad)
    const expected = { name: 'TypeError', message: /^methods/ }
    for (const subject of ['alice', 'bob'])
      await assert.rejects(
        () => browser.visit((s) => s.authenticate(subject, { methods })),
        expected,
      )
    await assert.rejects(() => browser.visit((s) => s.reauthenticate({ methods })), expected)
  }
  assert.deepEqual(await world.record(browser.id), before)
})

test('signing out: the session is dead when the call returns, and the cookie goes', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const { token } = browser
  const open = await world.open(token)
  const session = world.sessionOf(open)
  await session.revoke()
  assert.equal(await world.whose(token), 'revoked')
  assert.deepEqual([session.id, session.subject, session.get('a')], [null, null, undefined])
  assert.equal((await open.commit()).kind, 'expire')
  assert.equal((await world.record(token.slice(0, 22))).reason, 'logout')
  const again = await request(world, token, (dead) => dead.revoke())
  assert.equal(again.action.kind, 'expire', 'a second click removes the cookie too')
  const nobody = await request(world, null, (none) => none.revoke())
  assert.equal(nobody.action.kind, 'none', 'there is none to remove')
})

test('a straggler that signs out ends nothing that it cannot name, and keeps off the new cookie', async () => {
  const world = new World()
  const browser = await world.anonymous()
  const old = browser.token
  await browser.visit((session) => session.authenticate('alice'))
  const { action } = await request(world, old, (session) => session.revoke())
  const dead = (await world.whose(browser.token)) === 'revoked'
  assert.equal(action.kind, dead ? 'expire' : 'none', 'a cookie goes only with its session')
})

test('what is written after signing out starts a new anonymous session', async () => {
  const world = new World()
  const browser = await world.signedIn()
  const { id } = browser
  await browser.visit(async (session) => {
    session.set('of', 'alice')
    await session.revoke()
    session.flash('note', 'goodbye')
  })
  assert.notEqual(browser.id, id)
  await browser.visit(async (session) => {
    assert.deepEqual(session.keys(), [])
    assert.equal(await session.takeFlash('note'), 'goodbye')
  })
})
