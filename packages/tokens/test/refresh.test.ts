import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSuccessor } from '@holdfast/core/engine'
import type { SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import { CLIENTS, HOUR, INVALID, MINUTE, outcome, SECOND, START, World } from './support/world.js'

const app = { client: 'app' } as const
const GRACE = 10 * SECOND

test('each refresh gives new tokens; the old refresh token leads to the same successor until that is used, and 10 s longer', async () => {
  const world = new World()
  const given = await world.signIn()
  world.now += 5 * MINUTE
  const next = await world.tokens.refresh(given.refreshToken, app)
  assert.notEqual(next.refreshToken, given.refreshToken)
  assert.notEqual(next.accessToken, given.accessToken)
  // A lost response signs nobody out, however late the client tries again.
  world.now += 50 * MINUTE
  assert.equal(
    (await world.tokens.refresh(given.refreshToken, app)).refreshToken,
    next.refreshToken,
  )
  const third = await world.tokens.refresh(next.refreshToken, app)
  world.now += GRACE
  for (const old of [given, next])
    assert.equal(
      (await world.tokens.refresh(old.refreshToken, app)).refreshToken,
      third.refreshToken,
    )
})

test('a replaced refresh token after its grace ends the session in that request, for the thief and for the owner', async () => {
  const world = new World()
  const stolen = await world.signIn()
  const owner = await world.tokens.refresh(stolen.refreshToken, app)
  const latest = await world.tokens.refresh(owner.refreshToken, app)
  world.now += GRACE + 1
  const replay = await outcome(() => world.tokens.refresh(stolen.refreshToken, app))
  assert.equal(replay, `${INVALID} token_reuse`)
  const { reason, revokedAt } = await world.record(stolen.sessionId)
  assert.deepEqual([reason, revokedAt], ['token_reuse', world.now])
  assert.equal(
    await outcome(() => world.tokens.refresh(latest.refreshToken, app)),
    `${INVALID} token_reuse`,
  )
  for (const { accessToken } of [stolen, owner, latest])
    assert.equal(await outcome(() => world.tokens.verify(accessToken)), `${INVALID} revoked`)
  assert.equal(world.named('token_reuse').length, 1)
  assert.equal(world.named('session_revoked').length, 1)
})

test('the reuse of one client’s token ends the whole session: its cookie, and every other client', async () => {
  const world = new World()
  const { session, cookie } = await world.visitor()
  const spa = await world.tokens.issue(session, { client: 'spa' })
  const other = await world.tokens.issue(session, { client: 'app' })
  const next = await world.tokens.refresh(spa.refreshToken, { client: 'spa' })
  await world.tokens.refresh(next.refreshToken, { client: 'spa' })
  world.now += GRACE + 1
  await outcome(() => world.tokens.refresh(spa.refreshToken, { client: 'spa' }))
  assert.equal((await world.sessions.resolve(cookie)).status, 'rejected')
  assert.equal(
    await outcome(() => world.tokens.refresh(other.refreshToken, app)),
    `${INVALID} token_reuse`,
  )
})

test('a refresh token of another client is refused without a store call, and harms nobody', async () => {
  let calls = 0
  const inner = memoryStore()
  const store: SessionStore = counting(inner, () => (calls += 1))
  const world = new World({ sessions: { store } })
  const given = await world.signIn()
  calls = 0
  for (const { id } of CLIENTS) {
    if (id === 'app') continue
    const refused = await outcome(() => world.tokens.refresh(given.refreshToken, { client: id }))
    assert.equal(refused, `${INVALID} malformed`)
  }
  assert.equal(calls, 0)
  assert.equal(await outcome(() => world.tokens.refresh(given.refreshToken, app)), 'ok')
})

test('forged and changed refresh tokens are refused without a store call', async () => {
  let calls = 0
  const store = counting(memoryStore(), () => (calls += 1))
  const world = new World({ sessions: { store } })
  const { refreshToken } = await world.signIn()
  calls = 0
  const forged = ['', 'x', refreshToken.slice(1), `${refreshToken}A`, refreshToken.toLowerCase()]
  for (let at = 0; at < refreshToken.length; at++) {
    const other = refreshToken[at] === 'A' ? 'B' : 'A'
    forged.push(refreshToken.slice(0, at) + other + refreshToken.slice(at + 1))
  }
  for (const token of forged)
    assert.equal(await outcome(() => world.tokens.refresh(token, app)), `${INVALID} malformed`)
  assert.equal(calls, 0)
  assert.equal(world.named('token_rejected').length, forged.length)
})

test('a refresh token under a retired key is refused', async () => {
  const world = new World()
  const { refreshToken } = await world.signIn()
  world.sessions.setKeys(['another-key-of-these-tests-0123456789'])
  assert.equal(await outcome(() => world.tokens.refresh(refreshToken, app)), `${INVALID} malformed`)
})

test('the session’s idle and absolute ends hold: a refresh moves the first, and nothing the second', async () => {
  const world = new World()
  let { refreshToken } = await world.signIn()
  const next = async (): Promise<string> =>
    outcome(async () => ({ refreshToken } = await world.tokens.refresh(refreshToken, app)))
  while (world.now + 59 * MINUTE < START + 24 * HOUR) {
    world.now += 59 * MINUTE
    assert.equal(await next(), 'ok')
  }
  world.now = START + 24 * HOUR
  assert.equal(await next(), `${INVALID} absolute_expired`)
})

test('background renewal does not keep a session alive for ever (PCI DSS 8.2.8)', async () => {
  const idle = new World()
  const passive = new World({ tokens: { refreshCountsAsActivity: false } })
  for (const [world, active] of [
    [idle, false],
    [passive, true],
  ] as const) {
    let { refreshToken } = await world.signIn()
    for (let n = 0; n < 11; n++) {
      world.now += 5 * MINUTE
      const next = await world.tokens.refresh(refreshToken, { ...app, active })
      assert.equal(next.idleDeadline, START + HOUR)
      refreshToken = next.refreshToken
    }
    world.now += 5 * MINUTE
    const refused = await outcome(() => world.tokens.refresh(refreshToken, { ...app, active }))
    assert.equal(refused, `${INVALID} idle_expired`)
  }
})

test('a lost response that is asked for again is activity as well', async () => {
  const world = new World()
  const { refreshToken } = await world.signIn()
  await world.tokens.refresh(refreshToken, app)
  for (let n = 0; n < 3; n++) {
    world.now += 50 * MINUTE
    assert.equal(await outcome(() => world.tokens.refresh(refreshToken, app)), 'ok')
  }
})

test('a session that is bound to its client is refreshed by that client alone', async () => {
  const bind = ({ userAgent }: { readonly userAgent: string | null }): string | null => userAgent
  const world = new World({ sessions: { client: { bind } } })
  const device = { userAgent: 'App/1.0' }
  const { refreshToken } = await world.tokens.signIn({ subject: 'ada', ...app, ...device })
  const other = world.tokens.refresh(refreshToken, { ...app, userAgent: 'App/2.0' })
  assert.equal(await outcome(() => other), `${INVALID} binding_mismatch`)
  assert.equal(await outcome(() => world.tokens.refresh(refreshToken, { ...app, ...device })), 'ok')
})

test('a store that went back to an older state refuses the newer token, and ends nothing', async () => {
  const world = new World()
  const given = await world.signIn()
  const before = (await world.record(given.sessionId)).data
  const next = await world.tokens.refresh(given.refreshToken, app)
  await world.store.update(given.sessionId, { now: world.now, set: before })
  const refused = await outcome(() => world.tokens.refresh(next.refreshToken, app))
  assert.equal(refused, `${INVALID} wrong_verifier`)
  assert.equal((await world.record(given.sessionId)).revokedAt, null)
})

test('nothing that is stored can be presented: neither the grant’s hash nor its seal leads to a token', async () => {
  const world = new World()
  const given = await world.signIn()
  await world.tokens.refresh(given.refreshToken, app)
  const { data } = await world.record(given.sessionId)
  const text = data.get(`~grant:${given.grantId}`) ?? ''
  const [, verifier = ''] = given.refreshToken.split('-')
  assert.ok(!text.includes(verifier))
  const { h, p } = JSON.parse(text) as { h: string; p: [string, string, null][] }
  const [hash = '', sealed = ''] = p[0] ?? []
  const place = given.sessionId + given.grantId
  for (const guess of [h, hash, sealed, verifier.toLowerCase()])
    assert.equal(openSuccessor(sealed, guess, place), null)
  assert.equal(openSuccessor(sealed, verifier, `${place.slice(0, -1)}!`), null)
  assert.notEqual(openSuccessor(sealed, verifier, place), null)
})

test('a damaged grant is trouble of the store, told to nobody as “not signed in”', async () => {
  const world = new World()
  const given = await world.signIn()
  for (const text of ['', '{}', 'null', '{"c":"app","s":"","i":1,"r":1,"h":"x","p":[[1]]}']) {
    const set = new Map([[`~grant:${given.grantId}`, text]])
    await world.store.update(given.sessionId, { now: world.now, set })
    const refused = await outcome(() => world.tokens.refresh(given.refreshToken, app))
    assert.equal(refused, 'ERR_SESSION_STORE_CORRUPT', text)
  }
})

test('a refresh beside data writes of the same session loses none of either', async () => {
  const world = new World()
  const { session, cookie } = await world.visitor()
  let { refreshToken } = await world.tokens.issue(session, app)
  const writes = Array.from({ length: 20 }, async (_, n) => {
    const found = await world.sessions.resolve(cookie)
    if (found.status === 'active') await found.session.update(`key${n}`, () => n)
  })
  for (let n = 0; n < 5; n++) ({ refreshToken } = await world.tokens.refresh(refreshToken, app))
  await Promise.all(writes)
  const { data } = await world.record(session.id ?? '')
  assert.equal(data.size, 21)
  assert.equal(await outcome(() => world.tokens.refresh(refreshToken, app)), 'ok')
})

test('a sign-in that clears the session’s data ends its clients; one that keeps it does not', async () => {
  const world = new World()
  const session = await world.tokens.open()
  await session.authenticate('ada')
  const given = await world.tokens.issue(session, app)
  await session.reauthenticate()
  await session.authenticate('ada')
  const next = await world.tokens.refresh(given.refreshToken, app)
  await session.authenticate('ada', { keepData: false })
  assert.equal(
    await outcome(() => world.tokens.refresh(next.refreshToken, app)),
    `${INVALID} grant_gone`,
  )
})

function counting(inner: SessionStore, count: () => void): SessionStore {
  return {
    ...inner,
    capabilities: inner.capabilities,
    insert: (record, admission) => (count(), inner.insert(record, admission)),
    find: (id) => (count(), inner.find(id)),
    update: (id, change) => (count(), inner.update(id, change)),
    revoke: (target, ending) => (count(), inner.revoke(target, ending)),
    list: (subject, page) => inner.list(subject, page),
    sweep: (now, limit) => inner.sweep(now, limit),
    epoch: () => inner.epoch(),
    watch: (listener) => inner.watch?.(listener) ?? ((): void => undefined),
    close: () => inner.close(),
  }
}
