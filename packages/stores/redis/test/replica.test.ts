import assert from 'node:assert/strict'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { codeOf, has, newClient, noticesOf, openStore, redisTest } from './lib/harness.js'
import { RedisServer } from '@holdfast/test-servers/redis'
import { until } from '@holdfast/test-servers/wait'

const now = Date.now()
const UNAVAILABLE = 'ERR_SESSION_STORE_UNAVAILABLE'

redisTest(
  'a server that has become a replica is not read from until it is none any more',
  async (t) => {
    const server = await RedisServer.start()
    t.after(() => server.remove())
    const client = newClient(server)
    t.after(() => client.disconnect())
    const { store } = openStore(t, { heartbeat: 50 }, client)
    const notices = noticesOf(store)
    await until(has(notices, 'healthy'), 'healthy')
    const record = newRecord()
    await store.insert(record, { now, ...ANY })
    notices.length = 0
    // As after a failover: the server that takes its place cannot be seen from here.
    await client.call('REPLICAOF', '127.0.0.1', '1')
    await until(has(notices, 'unhealthy'), 'unhealthy')
    assert.equal(await codeOf(() => store.find(record.id)), UNAVAILABLE)
    assert.equal(await codeOf(() => store.list('user', { limit: 5, now })), UNAVAILABLE)
    assert.equal(await codeOf(() => store.epoch()), UNAVAILABLE)
    await client.call('REPLICAOF', 'NO', 'ONE')
    assert.equal((await store.find(record.id))?.id, record.id, 'at once')
    await until(has(notices, 'healthy'), 'healthy again')
  },
)

redisTest('a refused write is enough to know a replica', async (t) => {
  const server = await RedisServer.start()
  t.after(() => server.remove())
  const client = newClient(server)
  t.after(() => client.disconnect())
  // Nobody watches: there is no heartbeat.
  const { store } = openStore(t, {}, client)
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  await client.call('REPLICAOF', '127.0.0.1', '1')
  const revoke = (): unknown =>
    store.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
  assert.equal(await codeOf(revoke), UNAVAILABLE)
  assert.equal(await codeOf(() => store.find(record.id)), UNAVAILABLE)
  await client.call('REPLICAOF', 'NO', 'ONE')
  assert.equal((await store.find(record.id))?.reason, null)
})

redisTest('with production, a replica is not read from even once', async (t) => {
  const settings = ['--appendonly', 'yes', '--appendfsync', 'always']
  const server = await RedisServer.start({ settings })
  t.after(() => server.remove())
  const client = newClient(server)
  t.after(() => client.disconnect())
  const { store: former, prefix } = openStore(t, {}, client)
  const record = newRecord()
  await former.insert(record, { now, ...ANY })
  await client.call('REPLICAOF', '127.0.0.1', '1')
  // A process that starts during a failover: nothing has told it yet what its server is.
  const { store } = openStore(t, { production: true, prefix }, client)
  assert.equal(await codeOf(() => store.find(record.id)), UNAVAILABLE)
  await client.call('REPLICAOF', 'NO', 'ONE')
  assert.equal((await store.find(record.id))?.id, record.id, 'at once')
})
