import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionInfo } from '@holdfast/core'
import { dataBytes, type SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import {
  AUDIENCE,
  HOUR,
  INVALID,
  ISSUER,
  MINUTE,
  outcome,
  SECOND,
  START,
  World,
} from './support/world.js'

test('a client is given an access token that says whose it is, of which session and grant, and for how long', async () => {
  const world = new World({
    tokens: { acr: (methods) => (methods.includes('otp') ? 'aal2' : undefined) },
  })
  const given = await world.signIn()
  const claims = await world.tokens.verify(given.accessToken)
  const { jti, ...rest } = claims
  assert.match(jti, /^[0-9A-Za-z]{22}$/)
  assert.deepEqual(rest, {
    iss: ISSUER,
    sub: 'ada',
    aud: AUDIENCE,
    sid: given.sessionId,
    gid: given.grantId,
    client_id: 'app',
    iat: START / 1000,
    exp: START / 1000 + 300,
    scope: 'read write admin',
    auth_time: START / 1000,
    acr: 'aal2',
    amr: ['pwd', 'otp'],
  })
  assert.deepEqual([given.tokenType, given.expiresAt], ['Bearer', START + 5 * MINUTE])
  assert.match(given.refreshToken, /^[0-9A-Za-z]{30}-[0-9A-Za-z]{43}-[0-9A-Za-z]{28}$/)
})

test('a token session is one session: listed, ended by its subject’s revocation, and its tokens with it', async () => {
  const world = new World()
  const given = await world.signIn()
  const listed: SessionInfo[] = []
  for await (const each of world.sessions.list('ada')) listed.push(each)
  assert.deepEqual(
    listed.map(({ id, methods }) => [id, methods]),
    [[given.sessionId, ['pwd', 'otp']]],
  )
  assert.equal(await world.sessions.revokeAll('ada', { reason: 'password_changed' }), 1)
  assert.equal(await outcome(() => world.tokens.verify(given.accessToken)), `${INVALID} revoked`)
  const refused = world.tokens.refresh(given.refreshToken, { client: 'app' })
  assert.equal(await outcome(() => refused), `${INVALID} revoked`)
})

test('a sign-in without a cookie counts for the limit of sessions', async () => {
  const world = new World({ sessions: { maxSessionsPerSubject: 1, onLimit: 'reject' } })
  await world.signIn()
  assert.equal(await outcome(() => world.signIn()), 'ERR_SESSION_LIMIT')
})

test('a sign-in that was open before a revocation of all does not survive it', async () => {
  const world = new World()
  const session = await world.tokens.open()
  await world.sessions.revokeAll('ada')
  assert.equal(await outcome(() => session.authenticate('ada')), 'ERR_SESSION_ENDED')
})

test('the device of a sign-in without a cookie is kept as for any session', async () => {
  const world = new World()
  const device = { address: '203.0.113.7', userAgent: 'App/1.0' }
  const given = await world.tokens.signIn({ subject: 'ada', client: 'app', ...device })
  const info = await world.sessions.get(given.sessionId)
  assert.deepEqual(info?.client, { label: null, address: '203.0.113.0/24', userAgent: 'App/1.0' })
  const { client } = world.named('token_issued')[0] ?? assert.fail()
  assert.deepEqual(client, { address: '203.0.113.0/24', userAgent: 'App/1.0' })
})

test('tokens are issued on a cookie session too; nobody signed in: none', async () => {
  const world = new World()
  const session = await world.cookieSession()
  const given = await world.tokens.issue(session, { client: 'spa' })
  assert.equal(given.sessionId, session.id)
  assert.equal((await world.tokens.verify(given.accessToken)).sub, 'ada')
  const nobody = await world.tokens.open()
  const refused = 'ERR_SESSION_NOT_AUTHENTICATED'
  assert.equal(await outcome(() => world.tokens.issue(nobody, { client: 'spa' })), refused)
  await assert.rejects(world.tokens.issue(session, { client: 'nobody' }), TypeError)
})

test('a session that a sign-in has moved on gets no tokens from the request before it', async () => {
  const world = new World()
  const { session, cookie } = await world.visitor()
  const straggler = await world.sessions.resolve(cookie)
  await session.reauthenticate()
  if (straggler.status !== 'active') return assert.fail(straggler.status)
  const late = world.tokens.issue(straggler.session, { client: 'spa' })
  assert.equal(await outcome(() => late), 'ERR_SESSION_ENDED')
})

test('scope: all of the client’s by default, less if asked, never more, and each refresh may narrow', async () => {
  const { tokens } = new World()
  const ask = (scope: string): ReturnType<typeof tokens.signIn> =>
    tokens.signIn({ subject: 'ada', client: 'app', scope })
  assert.equal((await ask('admin read read')).scope, 'admin read')
  for (const scope of ['root', 'read root', ' read', 'read  write', 'READ', 'r\u00e9ad', 'a"b'])
    assert.match(await outcome(() => ask(scope)), /^ERR_TOKEN_SCOPE/, scope)
  const given = await ask('read write')
  const narrow = await tokens.refresh(given.refreshToken, { client: 'app', scope: 'read' })
  assert.equal((await tokens.verify(narrow.accessToken)).scope, 'read')
  const wide = await tokens.refresh(narrow.refreshToken, { client: 'app' })
  assert.equal(wide.scope, 'read write')
  const more = tokens.refresh(wide.refreshToken, { client: 'app', scope: 'admin' })
  assert.match(await outcome(() => more), /^ERR_TOKEN_SCOPE/)
  const none = await tokens.refresh(wide.refreshToken, { client: 'app', scope: '' })
  assert.equal((await tokens.verify(none.accessToken)).scope, undefined)
})

test('a refused scope replaces nothing', async () => {
  const { tokens } = new World()
  const given = await tokens.signIn({ subject: 'ada', client: 'app', scope: 'read' })
  await outcome(() => tokens.refresh(given.refreshToken, { client: 'app', scope: 'write' }))
  const events = await tokens.refresh(given.refreshToken, { client: 'app' })
  assert.notEqual(events.refreshToken, given.refreshToken)
})

test('at most 16 grants a session: the one that was used least recently goes', async () => {
  const world = new World()
  const session = await world.cookieSession()
  const given = []
  for (let n = 0; n < 16; n++) {
    world.now += SECOND
    given.push(await world.tokens.issue(session, { client: 'spa' }))
  }
  world.now += SECOND
  const [oldest, second] = given
  if (oldest === undefined || second === undefined) return assert.fail()
  await world.tokens.refresh(oldest.refreshToken, { client: 'spa' })
  await world.tokens.issue(session, { client: 'spa' })
  const { data } = await world.record(oldest.sessionId)
  assert.equal(data.size, 16)
  await world.tokens.verify(oldest.accessToken)
  assert.equal(
    await outcome(() => world.tokens.verify(second.accessToken)),
    `${INVALID} grant_gone`,
  )
})

test('a process that does not know a client yet ends none of its grants', async () => {
  const world = new World()
  const older = world.issuer({ clients: [{ id: 'app', type: 'native' }] })
  const session = await world.cookieSession()
  const { refreshToken } = await world.tokens.issue(session, { client: 'spa' })
  await older.issue(session, { client: 'app' })
  assert.equal(await outcome(() => world.tokens.refresh(refreshToken, { client: 'spa' })), 'ok')
})

test('a token that another process has just issued is good here before the notice of it comes', async () => {
  const store = memoryStore()
  const one = new World({ sessions: { store } })
  const other = new World({ sessions: { store: deaf(store) } })
  const session = await one.cookieSession()
  const first = await one.tokens.issue(session, { client: 'app' })
  await other.tokens.verify(first.accessToken)
  const second = await one.tokens.issue(session, { client: 'spa' })
  const claims = await other.tokens.verify(second.accessToken)
  assert.equal(claims.client_id, 'spa')
  const third = await one.tokens.issue(session, { client: 'spa' })
  assert.equal(await other.tokens.isLive(await one.tokens.verify(third.accessToken)), true)
  const gone = { ...claims, gid: 'never' }
  assert.equal(await other.tokens.isLive(gone), false)
})

test('the tokens of one tenant are good for no other, on one store, with one name, audience and signing key', async () => {
  const store = memoryStore()
  const [one, other, none] = ['one', 'other', ''].map(
    (tenant) => new World({ sessions: { store, ...(tenant === '' ? {} : { tenant }) } }),
  )
  if (one === undefined || other === undefined || none === undefined) return assert.fail()
  const given = await one.signIn()
  const claims = await one.tokens.verify(given.accessToken)
  assert.equal(claims.tenant, 'one')
  for (const stranger of [other, none]) {
    const { tokens } = stranger
    assert.equal(await outcome(() => tokens.verify(given.accessToken)), `${INVALID} tenant`)
    assert.equal(await tokens.isLive(claims), false)
    for (const token of [given.accessToken, given.refreshToken]) {
      assert.deepEqual(await tokens.introspect(token, { client: 'app' }), { active: false })
      assert.equal(await tokens.revoke(token, { client: 'app' }), 'done')
    }
  }
  const free = await none.signIn()
  assert.equal(await outcome(() => one.tokens.verify(free.accessToken)), `${INVALID} tenant`)
  assert.equal((await none.tokens.verify(free.accessToken)).tenant, undefined)
  assert.equal(await one.tokens.isLive(claims), true)
})

test('a grant takes some 600 bytes of its session’s record at most times, and 4 KiB at worst', async () => {
  const world = new World()
  const { sessionId, ...given } = await world.signIn()
  let { refreshToken } = given
  const size = async (): Promise<number> => dataBytes((await world.record(sessionId)).data)
  const next = async (pause: number): Promise<void> => {
    world.now += pause
    ;({ refreshToken } = await world.tokens.refresh(refreshToken, { client: 'app' }))
  }
  for (let n = 0; n < 5; n++) await next(5 * MINUTE)
  assert.ok((await size()) < 600, `${await size()} bytes`)
  for (let n = 0; n < 40; n++) await next(1)
  assert.ok((await size()) < 4096, `${await size()} bytes`)
})

test('the access token never outlives its session, nor its grant', async () => {
  const world = new World({
    sessions: { absoluteTimeout: 4 * MINUTE, idleTimeout: 3 * MINUTE },
    tokens: {
      clients: [
        { id: 'app', type: 'native' },
        { id: 'brief', type: 'native', lifetime: MINUTE },
      ],
    },
  })
  assert.equal((await world.signIn()).expiresAt, START + 3 * MINUTE)
  assert.equal((await world.signIn('brief')).expiresAt, START + MINUTE)
})

test('a client’s own lifetime ends its grant, and no refresh moves that end', async () => {
  const world = new World({
    tokens: { clients: [{ id: 'brief', type: 'native', lifetime: HOUR }] },
  })
  let { refreshToken, accessToken } = await world.signIn('brief')
  const next = async (): Promise<string> =>
    outcome(async () => {
      ;({ refreshToken, accessToken } = await world.tokens.refresh(refreshToken, {
        client: 'brief',
      }))
    })
  for (let n = 1; n < 4; n++) {
    world.now = START + n * 15 * MINUTE
    assert.equal(await next(), 'ok')
  }
  world.now = START + HOUR - 1
  assert.equal(await next(), 'ok')
  world.now = START + HOUR
  assert.equal(await next(), `${INVALID} grant_expired`)
  assert.equal((await world.sessions.get(accessTokenSession(accessToken)))?.revokedAt, null)
})

function accessTokenSession(token: string): string {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return typeof claims === 'object' && claims !== null && 'sid' in claims ? String(claims.sid) : ''
}

test('events: issued, refreshed, refreshed again, revoked, each once with its client and grant', async () => {
  const world = new World()
  const given = await world.signIn()
  const session = await world.cookieSession()
  const other = await world.tokens.issue(session, { client: 'spa' })
  await world.tokens.refresh(given.refreshToken, { client: 'app' })
  await world.tokens.refresh(given.refreshToken, { client: 'app' })
  await world.tokens.revoke(other.refreshToken, { client: 'spa' })
  const about = {
    at: 0,
    tenant: null,
    client: null,
    sessionId: given.sessionId,
    subject: 'ada',
    clientId: 'app',
    grantId: given.grantId,
  }
  const plain = ['token_issued', 'token_refreshed', 'token_revoked'] as const
  const events = plain
    .flatMap((name) => world.named(name))
    .map((event) => ({ ...event, at: 0, client: null }))
  assert.deepEqual(events, [
    { type: 'token_issued', ...about },
    { ...events[1], type: 'token_issued', clientId: 'spa' },
    { type: 'token_refreshed', ...about, again: false },
    { type: 'token_refreshed', ...about, again: true },
    { ...events[1], type: 'token_revoked', clientId: 'spa' },
  ])
})

/** The store as a process sees it whose notices are late. */
function deaf(store: SessionStore): SessionStore {
  return {
    capabilities: store.capabilities,
    insert: (record, admission) => store.insert(record, admission),
    find: (id) => store.find(id),
    update: (id, change) => store.update(id, change),
    revoke: (target, ending) => store.revoke(target, ending),
    list: (subject, page) => store.list(subject, page),
    sweep: (now, limit) => store.sweep(now, limit),
    epoch: () => store.epoch(),
    watch: () => () => undefined,
    close: () => undefined,
  }
}
