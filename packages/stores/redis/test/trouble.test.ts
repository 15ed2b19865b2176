import assert from 'node:assert/strict'
import type { SessionStore } from '@holdfast/core/store'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { redisStore } from '../src/index.js'
import {
  codeOf,
  has,
  newClient,
  noticesOf,
  openStore,
  redisTest,
  theServer,
  withServer,
} from './lib/harness.js'
import { ANY, HOUR, newId, newRecord } from '@holdfast/conformance/records'
import { RedisServer } from '@holdfast/test-servers/redis'
import { until } from '@holdfast/test-servers/wait'

withServer()

const now = Date.now()
const LOST = /ERR_SESSION_STORE_(?:TIMEOUT|UNAVAILABLE)/

/** Every call that needs the server. */
function callsOf(store: SessionStore): ReadonlyMap<string, () => unknown> {
  const ending = { at: now, reason: 'logout' }
  const limit = { max: 1, onLimit: 'evict-oldest' } as const
  return new Map<string, () => unknown>([
    ['find', () => store.find(newId())],
    ['insert', () => store.insert(newRecord(), { now, ...ANY })],
    ['insert within a limit', () => store.insert(newRecord(), { now, limit })],
    ['update', () => store.update(newId(), { now })],
    ['revoke', () => store.revoke({ kind: 'session', id: newId() }, ending)],
    ['revoke subject', () => store.revoke({ kind: 'subject', subject: 's' }, ending)],
    ['revoke everyone', () => store.revoke({ kind: 'everyone' }, ending)],
    ['list', () => store.list('s', { limit: 5, now })],
    ['sweep', () => store.sweep(now, 10)],
    ['epoch', () => store.epoch()],
  ])
}

redisTest('scripts that were flushed are loaded again', async (t) => {
  const { store } = openStore(t)
  const { client } = theServer()
  for (const [name, call] of callsOf(store)) {
    await client.script('FLUSH')
    assert.equal(await codeOf(call), 'ok', name)
  }
})

redisTest(
  'a server that stands still or is gone fails every call in time, and is back at once',
  async (t) => {
    const server = await RedisServer.start({
      settings: ['--appendonly', 'yes', '--appendfsync', 'always'],
    })
    t.after(() => server.remove())
    const ioredis = newClient(server)
    t.after(() => ioredis.disconnect())
    const reconnectStrategy = (): number => 50
    const other = createClient({ socket: { path: server.socket, tls: false, reconnectStrategy } })
    other.on('error', () => undefined)
    await other.connect()
    t.after(() => other.destroy())
    for (const client of [ioredis, other]) {
      const { store, prefix } = openStore(t, { timeout: 50, heartbeat: 50 }, client)
      // Given as long as a slow disk may take, not the 50 ms that make the failures quick.
      const patient = openStore(t, { prefix, timeout: 5000 }, client).store
      const notices = noticesOf(store)
      const record = newRecord()
      await patient.insert(record, { now, ...ANY })
      await patient.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
      await until(has(notices, 'healthy'), 'healthy')
      notices.length = 0
      await server.freeze()
      await until(has(notices, 'unhealthy'), 'unhealthy')
      for (const [name, call] of callsOf(store)) assert.match(await codeOf(call), LOST, name)
      server.thaw()
      await until(has(notices, 'healthy'), 'healthy again')
      await server.kill()
      for (const [name, call] of callsOf(store)) assert.match(await codeOf(call), LOST, name)
      notices.length = 0
      await server.start()
      await until(has(notices, 'healthy'), 'healthy after a restart')
      const find = (): unknown => store.find(record.id)
      await until(async () => (await codeOf(find)) === 'ok', 'reads')
      assert.equal((await patient.find(record.id))?.reason, 'logout', 'the revocation is kept')
      for (const [name, call] of callsOf(patient)) assert.equal(await codeOf(call), 'ok', name)
      await until(async () => (await codeOf(() => store.sweep(now, 10))) === 'ok', 'writes')
    }
  },
)

redisTest(
  'a store that lost everything admits no sign-in from before, revives no session',
  async (t) => {
    const { client } = theServer()
    const { store, prefix } = openStore(t)
    const notices = noticesOf(store)
    await until(has(notices, 'healthy'), 'healthy')
    const before = await store.epoch()
    const record = newRecord({ epoch: before })
    await store.insert(record, { now, ...ANY })
    const kept = await client.dumpBuffer(`${prefix}s:${record.id}`)
    await store.revoke({ kind: 'everyone' }, { at: now, reason: 'breach' })
    const late = await store.epoch()
    for (const key of await client.keys(`${prefix}*`)) await client.del(key)
    const refused = await store.insert(newRecord({ epoch: late }), { now, ...ANY })
    assert.deepEqual(refused, { status: 'ended' }, 'a sign-in from before the loss')
    // A session that comes back without the counters, as from a backup.
    await client.restore(`${prefix}s:${record.id}`, 0, kept)
    assert.equal((await store.find(record.id))?.reason, 'store_reset')
    const fresh = openStore(t, { prefix })
    const epoch = await fresh.store.epoch()
    assert.ok(epoch > late, 'the counter goes on above all that it ever was')
    const admitted = await fresh.store.insert(newRecord({ epoch }), { now, ...ANY })
    assert.equal(admitted.status, 'inserted')
  },
)

redisTest('counters that are lost alone end every session from before', async (t) => {
  const { client } = theServer()
  const { store, prefix } = openStore(t)
  const record = newRecord({ epoch: await store.epoch() })
  await store.insert(record, { now, ...ANY })
  await store.revoke({ kind: 'everyone' }, { at: now, reason: 'breach' })
  await client.del(`${prefix}e`)
  assert.equal((await store.find(record.id))?.reason, 'store_reset')
  const change = await store.update(record.id, { now, set: new Map([['app:k', '1']]) })
  assert.equal(change.status, 'ended')
  assert.deepEqual((await store.list('user', { limit: 5, now })).records, [])
})

redisTest('an index that holds what is not there is healed by what is', async (t) => {
  const { client } = theServer()
  const { store, prefix } = openStore(t)
  const records = [newRecord(), newRecord(), newRecord()]
  for (const record of records) await store.insert(record, { now, ...ANY })
  const [gone, ...left] = records.map(({ id }) => id)
  await client.del(`${prefix}s:${gone}`)
  const listed = await store.list('user', { limit: 5, now })
  assert.deepEqual(
    listed.records.map(({ id }) => id),
    left.toSorted(),
  )
  const ending = { at: now, reason: 'logout' }
  assert.equal(await store.revoke({ kind: 'subject', subject: 'user' }, ending), 2)
})

redisTest('no key is ever without an end, but for the counters', async (t) => {
  const { client } = theServer()
  const { store, prefix } = openStore(t)
  const records = [newRecord(), newRecord({ subject: null }), newRecord({ subject: 'x' })]
  for (const record of records) await store.insert(record, { now, ...ANY })
  const [first, second] = records.map(({ id }) => id)
  await store.update(first ?? '', { now, touch: { lastSeenAt: now, idleDeadline: now + 2 * HOUR } })
  await store.revoke({ kind: 'session', id: second ?? '' }, { at: now, reason: 'logout' })
  await store.revoke({ kind: 'subject', subject: 'x' }, { at: now, reason: 'logout' })
  await store.revoke({ kind: 'subject', subject: 'nobody' }, { at: now, reason: 'logout' })
  const keys = await client.keys(`${prefix}*`)
  assert.ok(keys.length >= 6)
  for (const key of keys) {
    const life = await client.pttl(key)
    if (key === `${prefix}e`) assert.equal(life, -1)
    else assert.ok(life > 0 && life < 30 * HOUR, `${key}: ${life}`)
  }
})

redisTest('a session past its time is deleted by the server itself', async (t) => {
  const { client } = theServer()
  const { store, prefix } = openStore(t)
  // A clock that is an hour ahead of the deadline: the key is kept for the slack and no longer.
  const record = newRecord({ idleDeadline: now - HOUR })
  await store.insert(record, { now, ...ANY })
  const life = await client.pttl(`${prefix}s:${record.id}`)
  assert.ok(life > 0 && life <= 60_000, `${life} ms`)
})

redisTest('a driver that queues without an end keeps no call hanging', async (t) => {
  const client = new Redis('/nowhere/at/all', {
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  })
  client.on('error', () => undefined)
  t.after(() => client.disconnect())
  const store = redisStore(client, { prefix: 'q:', timeout: 50, onWarning: () => undefined })
  for (const [name, call] of callsOf(store)) assert.match(await codeOf(call), LOST, name)
  await store.close()
})

redisTest('a client that keeps no commands back serves the first call as well', async (t) => {
  const { server } = theServer()
  const client = new Redis(server.socket, { enableOfflineQueue: false })
  t.after(() => client.disconnect())
  await until(() => client.status === 'ready', 'connected')
  const { store } = openStore(t, { timeout: 5000 }, client)
  assert.equal(await codeOf(() => store.insert(newRecord(), { now, ...ANY })), 'ok')
})
