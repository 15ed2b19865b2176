import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consumeOnce, singleUseTokens } from '@holdfast/tokens'
import { HOUR, MINUTE, START, World } from './support/world.js'

test('a token is redeemed once, and gives what was put into it', async () => {
  const world = new World()
  const links = singleUseTokens(world.sessions, { purpose: 'email', lifetime: HOUR })
  const { token, id, expiresAt } = await links.issue({ subject: 'ada', data: { to: 'a@b' } })
  assert.match(token, /^[0-9A-Za-z]{22}-[0-9A-Za-z]{43}-[0-9A-Za-z]{28}$/)
  assert.deepEqual([id, expiresAt], [token.slice(0, 22), START + HOUR])
  assert.deepEqual(await links.redeem(token), { subject: 'ada', data: { to: 'a@b' } })
  assert.equal(await links.redeem(token), null)
  assert.equal(world.named('token_rejected').at(-1)?.reason, 'spent')
  assert.deepEqual(await links.redeem((await links.issue()).token), { subject: null, data: null })
})

test('50 parallel redemptions give exactly one success', async () => {
  const world = new World()
  const links = singleUseTokens(world.sessions, { purpose: 'email', lifetime: HOUR })
  for (let round = 0; round < 20; round++) {
    const { token } = await links.issue({ subject: 'ada' })
    const all = await Promise.all(Array.from({ length: 50 }, () => links.redeem(token)))
    assert.equal(all.filter((each) => each !== null).length, 1)
  }
})

test('what is over, taken back, forged, of another purpose or of another tenant is not redeemed, and harms nobody', async () => {
  const world = new World()
  const links = singleUseTokens(world.sessions, { purpose: 'email', lifetime: HOUR })
  const other = singleUseTokens(world.sessions, { purpose: 'reset', lifetime: HOUR })
  const tenant = singleUseTokens(
    new World({ sessions: { store: world.store, tenant: 't' } }).sessions,
    {
      purpose: 'email',
      lifetime: HOUR,
    },
  )
  const { token } = await links.issue()
  const back = await links.issue()
  await world.sessions.revoke(back.id)
  for (const [use, text] of [
    [other, token],
    [tenant, token],
    [links, back.token],
    [links, `${token}x`],
    [links, ''],
  ] as const)
    assert.equal(await use.redeem(text), null)
  const good = await links.issue()
  world.now += HOUR - 1
  assert.notEqual(await links.redeem(good.token), null)
  world.now += 1
  assert.equal(await links.redeem(token), null)
  const reasons = world.named('token_rejected').map(({ reason }) => reason)
  assert.deepEqual(reasons, ['malformed', 'revoked', 'malformed', 'malformed', 'absolute_expired'])
})

test('it is no session: not listed, not counted, not ended with its subject’s; a revocation of everyone ends it', async () => {
  const world = new World({ sessions: { maxSessionsPerSubject: 1 } })
  const links = singleUseTokens(world.sessions, { purpose: 'email', lifetime: HOUR })
  const [first, second] = [
    await links.issue({ subject: 'ada' }),
    await links.issue({ subject: 'ada' }),
  ]
  for await (const session of world.sessions.list('ada')) assert.fail(session.id)
  await world.sessions.revokeAll('ada')
  assert.notEqual(await links.redeem(first.token), null)
  await world.sessions.revokeEveryone()
  assert.equal(await links.redeem(second.token), null)
  assert.notEqual(await links.redeem((await links.issue()).token), null)
})

test('nothing that is stored can be redeemed', async () => {
  const world = new World()
  const links = singleUseTokens(world.sessions, { purpose: 'email', lifetime: HOUR })
  const { token, id } = await links.issue()
  const stored = JSON.stringify({ ...(await world.record(id)), data: [] })
  assert.ok(!stored.includes(token.split('-')[1] ?? '?'))
})

test('the sweep deletes what is over', async () => {
  const world = new World()
  const links = singleUseTokens(world.sessions, { purpose: 'email', lifetime: HOUR })
  const { id } = await links.issue()
  await consumeOnce(world.sessions, 'key', START + HOUR)
  world.now += HOUR + 1
  assert.equal(await world.sessions.sweep(), 2)
  assert.equal(await world.store.find(id), null)
})

test('wrong options, values that JSON loses and too much of them are refused', async () => {
  const { sessions } = new World()
  const make = (options: object): unknown =>
    singleUseTokens(sessions, options as Parameters<typeof singleUseTokens>[1])
  for (const options of [
    {},
    { purpose: 'x' },
    { purpose: '', lifetime: 1000 },
    { purpose: 'x', lifetime: '1' },
    { purpose: 'x', lifetime: 1000, extra: 1 },
  ])
    assert.throws(() => make(options), TypeError)
  for (const lifetime of [0, 999, 1.5, Infinity, 401 * 24 * HOUR])
    assert.throws(() => make({ purpose: 'x', lifetime }), { code: 'ERR_SESSION_CONFIG' })
  const links = singleUseTokens(sessions, { purpose: 'x', lifetime: HOUR })
  await assert.rejects(links.issue({ data: [NaN] }), { code: 'ERR_SESSION_DATA_INVALID' })
  await assert.rejects(links.issue({ data: 'x'.repeat(17_000) }), {
    code: 'ERR_SESSION_DATA_TOO_LARGE',
  })
})

test('consumeOnce is true for the first alone, per key and tenant, until its time', async () => {
  const world = new World()
  const other = new World({ sessions: { store: world.store, tenant: 't' } })
  const until = START + MINUTE
  const all = await Promise.all(
    Array.from({ length: 50 }, () => consumeOnce(world.sessions, 'a', until)),
  )
  assert.equal(all.filter(Boolean).length, 1)
  assert.equal(await consumeOnce(world.sessions, 'b', until), true)
  assert.equal(await consumeOnce(other.sessions, 'a', until), true)
  world.now = until
  assert.equal(await consumeOnce(world.sessions, 'c', until), false)
  for (const key of ['', 'x'.repeat(1025), '\ud800'])
    await assert.rejects(consumeOnce(world.sessions, key, until), TypeError)
  await assert.rejects(consumeOnce(world.sessions, 'd', NaN), TypeError)
})

test('what was consumed stays consumed when everyone is revoked, and when the keys are replaced', async () => {
  const world = new World()
  const until = START + MINUTE
  assert.equal(await consumeOnce(world.sessions, 'a', until), true)
  await world.sessions.revokeEveryone()
  world.sessions.setKeys(['another-key-of-these-tests-0123456789'])
  assert.equal(await consumeOnce(world.sessions, 'a', until), false)
  assert.equal(await consumeOnce(world.sessions, 'b', until), true)
})
