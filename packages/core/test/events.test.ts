import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionEvent, SessionEventName } from '@holdfast/core'
import { interceptStore } from './support/stores.js'
import { memoryStore } from '@holdfast/memory'
import { type Browser, HOUR, MINUTE, request, SECOND, wrong, World } from './support/world.js'

const facts = { address: '203.0.113.7', userAgent: 'Firefox' }
const client = { address: '203.0.113.0/24', userAgent: 'Firefox' }

/** What happened since the last call, without time, tenant and client, which are compared here. */
function taken(world: World, expected: object | null = client): readonly object[] {
  return world.events.splice(0).map(({ at, tenant, client: seen, ...event }: SessionEvent) => {
    assert.equal(at, world.clock.at)
    assert.equal(tenant, 'acme')
    assert.deepEqual(seen, expected)
    return event
  })
}

const newWorld = (): World => new World({ tenant: 'acme' })

async function signedIn(world: World, subject = 'alice'): Promise<Browser> {
  const browser = await world.signedIn(subject)
  world.events.length = 0
  return browser
}

test('a first write: session_created, once', async () => {
  const world = newWorld()
  const { open } = await request(world, null, (session) => session.set('a', 1), facts)
  const sessionId = open.record?.id
  assert.deepEqual(taken(world), [{ type: 'session_created', sessionId, subject: null }])
})

test('a sign-in without a session: session_created, then session_authenticated', async () => {
  const world = newWorld()
  const { open } = await request(world, null, (session) => session.authenticate('alice'), facts)
  const about = { sessionId: open.record?.id, subject: 'alice' }
  assert.deepEqual(taken(world), [
    { type: 'session_created', ...about },
    { type: 'session_authenticated', ...about, again: false },
  ])
})

test('a sign-in on an anonymous session, again, and a step-up: session_authenticated each time', async () => {
  const world = newWorld()
  const browser = await world.anonymous()
  const about = { type: 'session_authenticated', sessionId: browser.id, subject: 'alice' }
  world.events.length = 0
  await browser.visit((session) => session.authenticate('alice'), facts)
  assert.deepEqual(taken(world), [{ ...about, again: false }])
  await browser.visit((session) => session.authenticate('alice'), facts)
  assert.deepEqual(taken(world), [{ ...about, again: true }])
  await browser.visit((session) => session.reauthenticate(), facts)
  assert.deepEqual(taken(world), [{ ...about, again: true }])
})

test('a rotation and a renewal: session_renewed, once', async () => {
  const world = newWorld()
  const browser = await signedIn(world)
  const about = { type: 'session_renewed', sessionId: browser.id, subject: 'alice' }
  await browser.visit((session) => session.rotate(), facts)
  assert.deepEqual(taken(world), [about])
  world.clock.at += 15 * MINUTE
  await browser.visit(() => undefined, facts)
  assert.deepEqual(taken(world), [about])
  await browser.visit(() => undefined, facts)
  assert.deepEqual(taken(world), [])
})

test('reading, writing, touching and updating are no events', async () => {
  const world = newWorld()
  const browser = await signedIn(world)
  await browser.visit(async (session) => {
    session.get('a')
    session.set('a', 1)
    session.touch()
    session.flash('b', 1)
    await session.update('c', () => 1)
    session.csrfToken()
  })
  await request(world, null, (session) => session.get('a'))
  assert.deepEqual(taken(world), [])
})

test('an expired token: session_expired and session_rejected, for each end', async () => {
  for (const [after, reason] of [
    [HOUR, 'idle_expired'],
    [24 * HOUR, 'absolute_expired'],
  ] as const) {
    const world = newWorld()
    const browser = await signedIn(world)
    const about = { sessionId: browser.id, subject: 'alice', reason }
    world.clock.at += after
    await browser.visit(() => undefined, facts)
    const expected = ['session_expired', 'session_rejected'].map((type) => ({ type, ...about }))
    assert.deepEqual(taken(world), expected)
  }
})

test('tokens that are not honoured: session_rejected with the reason, the id only where it is ours', async () => {
  const world = newWorld()
  const { token } = await signedIn(world)
  const id = 'a'.repeat(22)
  const cases: readonly (readonly [
    string | null,
    Partial<typeof facts & { rejection: 'ambiguous' }>,
    object,
  ])[] = [
    ['forged', {}, { sessionId: null, subject: null, reason: 'malformed' }],
    [`${token.slice(0, -1)}~`, {}, { sessionId: null, subject: null, reason: 'malformed' }],
    [null, { rejection: 'ambiguous' }, { sessionId: null, subject: null, reason: 'ambiguous' }],
    [world.keys.issue(id, 'b'.repeat(43)), {}, { sessionId: id, subject: null, reason: 'unknown' }],
    [
      world.keys.issue(token.slice(0, 22), 'b'.repeat(43)),
      {},
      { sessionId: token.slice(0, 22), subject: 'alice', reason: 'wrong_verifier' },
    ],
  ]
  for (const [presented, more, expected] of cases) {
    await world.open(presented, { ...facts, ...more })
    assert.deepEqual(taken(world), [{ type: 'session_rejected', ...expected }])
  }
})

test('signing out: session_revoked, once, also where two requests do it at once', async () => {
  const world = newWorld()
  const browser = await signedIn(world)
  const about = { sessionId: browser.id, subject: 'alice' }
  const opens = await Promise.all([1, 2, 3].map(() => world.open(browser.token, facts)))
  await Promise.all(opens.map((open) => world.sessionOf(open).revoke()))
  const event = { type: 'session_revoked', ...about, target: 'session', reason: 'logout', count: 1 }
  assert.deepEqual(taken(world), [event])
  await browser.visit((session) => session.subject, facts)
  assert.deepEqual(taken(world), [{ type: 'session_rejected', ...about, reason: 'revoked' }])
})

test('ending from outside: one event for one session, one for a subject, one for everyone', async () => {
  const world = newWorld()
  const { sessions } = world
  const one = await signedIn(world)
  await signedIn(world)
  const event = { type: 'session_revoked', reason: 'disabled' }
  await sessions.revoke(one.id, { reason: 'disabled' })
  const single = { ...event, sessionId: one.id, subject: null, target: 'session', count: 1 }
  assert.deepEqual(taken(world, null), [single])
  await sessions.revokeAll('alice', { reason: 'disabled' })
  const all = { ...event, sessionId: null, subject: 'alice', target: 'subject', count: 1 }
  assert.deepEqual(taken(world, null), [all])
  await sessions.revokeEveryone({ reason: 'disabled' })
  const everyone = { ...event, sessionId: null, subject: null, target: 'everyone', count: null }
  assert.deepEqual(taken(world, null), [everyone])
})

test('ending what is not there, or has ended already, is no event', async () => {
  const world = newWorld()
  const browser = await signedIn(world)
  await world.sessions.revoke(browser.id)
  world.events.length = 0
  await world.sessions.revoke(browser.id)
  await world.sessions.revoke('a'.repeat(22))
  await world.sessions.revoke('no id')
  assert.deepEqual(taken(world), [])
})

test('ending the other sessions within a request: one event, with the device', async () => {
  const world = newWorld()
  await signedIn(world)
  const browser = await signedIn(world)
  await browser.visit((session) => session.revokeOthers('password_changed'), facts)
  assert.deepEqual(taken(world), [
    {
      type: 'session_revoked',
      sessionId: null,
      subject: 'alice',
      target: 'subject',
      reason: 'password_changed',
      count: 1,
    },
  ])
})

test('a replay: token_reuse, session_revoked and session_rejected, once each, however many replay at once', async () => {
  for (const later of [false, true]) {
    const store = interceptStore(memoryStore(), () =>
      later ? new Promise((resolve) => setImmediate(resolve)) : undefined,
    )
    const world = new World({ tenant: 'acme', store })
    const browser = await signedIn(world)
    const old = browser.token
    await browser.visit((session) => session.rotate())
    world.clock.at += 10 * SECOND + 1
    world.events.length = 0
    await Promise.all([1, 2, 3].map(() => world.open(old, facts)))
    const about = { sessionId: browser.id, subject: 'alice' }
    const events = taken(world)
    const rejected = events.filter(
      (event) => wrong<SessionEvent>(event).type === 'session_rejected',
    )
    assert.equal(rejected.length, 3, 'each presenter was turned away')
    assert.deepEqual(rejected[0], { type: 'session_rejected', ...about, reason: 'superseded' })
    assert.deepEqual(
      events.filter((event) => !rejected.includes(event)),
      [
        { type: 'token_reuse', ...about },
        { type: 'session_revoked', ...about, target: 'session', reason: 'token_reuse', count: 1 },
      ],
    )
  }
})

test('a write that comes too late: session_write_refused, once', async () => {
  const world = newWorld()
  const browser = await signedIn(world)
  const open = await world.open(browser.token, facts)
  await world.sessions.revoke(browser.id)
  world.events.length = 0
  world.sessionOf(open).set('a', 1)
  await assert.rejects(async () => await open.commit(), { code: 'ERR_SESSION_ENDED' })
  assert.deepEqual(taken(world), [
    { type: 'session_write_refused', sessionId: browser.id, subject: 'alice' },
  ])
})

test('a CSRF token that is not the session’s: csrf_refused; a good one is no event', async () => {
  const world = newWorld()
  const browser = await signedIn(world)
  const verify = (token: unknown): Promise<unknown> =>
    browser.visit((session) => session.verifyCsrfToken(token), facts)
  const { value } = await browser.visit((session) => session.csrfToken())
  await verify(value)
  assert.deepEqual(taken(world), [])
  await verify('x')
  const about = { sessionId: browser.id, subject: 'alice' }
  assert.deepEqual(taken(world), [{ type: 'csrf_refused', ...about, reason: 'csrf_token' }])
})

test('over the limit: excess_sessions_exceeded with what became of it', async () => {
  for (const [onLimit, outcome] of [
    ['reject', 'rejected'],
    ['evict-oldest', 'evicted'],
  ] as const) {
    const world = new World({ tenant: 'acme', maxSessionsPerSubject: 1, onLimit })
    const first = await signedIn(world)
    const second = request(world, null, (session) => session.authenticate('alice'), facts)
    if (onLimit === 'reject') await assert.rejects(second, { code: 'ERR_SESSION_LIMIT' })
    else await second
    const sessionIds = onLimit === 'reject' ? [] : [first.id]
    const events = taken(world).filter(
      (event) => wrong<SessionEvent>(event).type === 'excess_sessions_exceeded',
    )
    assert.deepEqual(events, [
      { type: 'excess_sessions_exceeded', subject: 'alice', outcome, sessionIds },
    ])
  }
})

test('on(name) hears that event alone, until it is ended; two listeners hear it apart', async () => {
  const world = newWorld()
  const heard: SessionEventName[] = []
  const end = world.sessions.on('session_created', (event) => heard.push(event.type))
  const other = world.sessions.on('session_created', () => heard.push('session_renewed'))
  await world.signedIn()
  assert.deepEqual(heard, ['session_created', 'session_renewed'])
  end()
  end()
  await world.signedIn()
  assert.deepEqual(heard.length, 3)
  other()
  await world.signedIn()
  assert.deepEqual(heard.length, 3)
  for (const bad of [undefined, null, 'x', {}])
    assert.throws(() => world.sessions.on('*', wrong(bad)), /^TypeError: listener must be/)
})
