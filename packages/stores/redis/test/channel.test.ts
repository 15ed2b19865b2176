import assert from 'node:assert/strict'
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
import { ANY, newRecord } from '@holdfast/conformance/records'
import { until } from '@holdfast/test-servers/wait'

withServer()

const now = Date.now()
const HEARTBEAT = 50

redisTest('a change in one process is noticed in another, whatever its driver', async (t) => {
  const { store, prefix } = openStore(t)
  const client = createClient({ socket: { path: theServer().server.socket, tls: false } })
  await client.connect()
  t.after(() => client.destroy())
  const { store: other } = openStore(t, { prefix }, client)
  const notices = noticesOf(other)
  await until(has(notices, 'healthy'), 'healthy')
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  await until(() => notices.some((each) => each.kind === 'changed' && each.id === record.id), 'id')
  notices.length = 0
  await store.revoke({ kind: 'everyone' }, { at: now, reason: 'breach' })
  await until(has(notices, 'reset'), 'reset')
})

redisTest(
  'the channel says that it is not yet up, then that it is, and confirms itself',
  async (t) => {
    const { store } = openStore(t, { heartbeat: HEARTBEAT })
    await store.epoch()
    const notices = noticesOf(store)
    await until(
      () => notices.filter(({ kind }) => kind === 'confirmed').length > 3,
      'confirmations',
    )
    const kinds = notices.map(({ kind }) => kind)
    assert.deepEqual(kinds.slice(0, 4), ['unhealthy', 'healthy', 'reset', 'confirmed'])
    for (const notice of notices)
      if (notice.kind === 'confirmed') assert.ok(notice.age >= 0, `age ${notice.age}`)
  },
)

redisTest('the revocation counter costs no command while the channel is up', async (t) => {
  const { store } = openStore(t)
  assert.ok(store.epoch() instanceof Promise, 'asked for before there is a channel')
  const notices = noticesOf(store)
  await until(has(notices, 'healthy'), 'healthy')
  const before = store.epoch()
  assert.equal(typeof before, 'number')
  await store.revoke({ kind: 'subject', subject: 's' }, { at: now, reason: 'logout' })
  assert.ok(Number(store.epoch()) > Number(before), 'known as soon as the own revocation is')
})

redisTest("another process's revocation reaches the counter by notice", async (t) => {
  const { store, prefix } = openStore(t)
  const notices = noticesOf(store)
  await until(has(notices, 'healthy'), 'healthy')
  const before = Number(store.epoch())
  const { store: other } = openStore(t, { prefix })
  await other.revoke({ kind: 'subject', subject: 's' }, { at: now, reason: 'logout' })
  await until(() => Number(store.epoch()) > before, 'the counter')
})

redisTest('a subscriber that is cut off is unhealthy at once and comes back', async (t) => {
  const { store } = openStore(t, { heartbeat: HEARTBEAT })
  const notices = noticesOf(store)
  await until(has(notices, 'healthy'), 'healthy')
  notices.length = 0
  await theServer().client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await until(has(notices, 'unhealthy'), 'unhealthy')
  assert.ok(store.epoch() instanceof Promise, 'the counter is read while notices may be missing')
  await until(has(notices, 'healthy'), 'healthy again')
})

redisTest('a server that stands still is unhealthy, and healthy when it goes on', async (t) => {
  const { server } = theServer()
  const { store } = openStore(t, { heartbeat: HEARTBEAT })
  const notices = noticesOf(store)
  await until(has(notices, 'healthy'), 'healthy')
  notices.length = 0
  await server.freeze()
  try {
    await until(has(notices, 'unhealthy'), 'unhealthy')
  } finally {
    server.thaw()
  }
  await until(has(notices, 'healthy'), 'healthy again')
})

redisTest('a user that may not subscribe is never healthy', async (t) => {
  const { client, server } = theServer()
  await client.call('ACL', 'SETUSER', 'deaf', 'on', 'nopass', '~*', '+@all', 'resetchannels')
  const deaf = new Redis(server.socket, { username: 'deaf', password: 'x' })
  t.after(() => deaf.disconnect())
  const { store } = openStore(t, { heartbeat: HEARTBEAT }, deaf)
  const notices = noticesOf(store)
  await until(has(notices, 'unhealthy'), 'unhealthy')
  assert.equal(has(notices, 'healthy')(), false)
})

redisTest('closing ends what the store has opened, and not the client', async (t) => {
  const { client } = theServer()
  const connections = async (): Promise<number> =>
    String(await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n').length
  const before = await connections()
  const { store } = openStore(t)
  noticesOf(store)
  await until(async () => (await connections()) > before, 'a connection of its own')
  await store.close()
  await until(async () => (await connections()) === before, 'its end')
  assert.equal(await client.ping(), 'PONG')
})

redisTest('closed in the midst of its first call, a store opens nothing any more', async (t) => {
  const { client, server } = theServer()
  const clients = async (): Promise<number> =>
    String(await client.call('CLIENT', 'LIST'))
      .trim()
      .split('\n').length
  const own = newClient(server)
  t.after(() => own.disconnect())
  await own.ping()
  const before = await clients()
  const { store } = openStore(t, {}, own)
  // With a limit it reads before it writes.
  const limit = { max: 1, onLimit: 'reject' } as const
  const inserting = codeOf(() => store.insert(newRecord(), { now, limit }))
  await store.close()
  assert.equal(await inserting, 'ERR_SESSION_STORE_CLOSED')
  assert.equal(await clients(), before)
})

redisTest('a count that is out of all reason is not taken for that of revocations', async (t) => {
  const { store, prefix } = openStore(t, { heartbeat: HEARTBEAT })
  const notices = noticesOf(store)
  await until(has(notices, 'healthy'), 'healthy')
  const { client } = theServer()
  const counts = await client.get(`${prefix}e`)
  for (const kind of ['e', 'r']) await client.publish(`${prefix}c`, `${kind}9007199254740991`)
  notices.length = 0
  // Heartbeats write the highest count that they know of.
  await until(() => notices.filter(({ kind }) => kind === 'confirmed').length > 2, 'heartbeats')
  assert.equal(await client.get(`${prefix}e`), counts)
  assert.ok(Number(store.epoch()) < 2 ** 52, 'known')
})

redisTest('what is foreign on the channel is passed over', async (t) => {
  const { store, prefix } = openStore(t)
  const notices = noticesOf(store)
  await until(has(notices, 'healthy'), 'healthy')
  notices.length = 0
  const { client } = theServer()
  for (const text of ['', 'c', `c${'x'.repeat(5000)}`, 'eNaN', 'e-1', 'e1.5', 'hello', '\0'])
    await client.publish(`${prefix}c`, text)
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  await until(has(notices, 'changed'), 'the next notice')
  const changed = notices.filter((each) => each.kind !== 'confirmed')
  assert.deepEqual(changed, [{ kind: 'changed', id: record.id }])
})

redisTest('a store over a client that is not connected yet begins when it is', async (t) => {
  const { server } = theServer()
  const client = newClient(server)
  t.after(() => client.disconnect())
  const store = redisStore(client, { prefix: 'early:', onWarning: () => undefined })
  t.after(() => store.close())
  assert.equal(await store.find(newRecord().id), null)
})
