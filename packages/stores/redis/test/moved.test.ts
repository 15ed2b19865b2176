// @waits
import assert from 'node:assert/strict'
import { after, before, type TestContext } from 'node:test'
import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import type { RedisClient } from '../src/index.js'
import { RedisCluster, type RedisServer, skipRedis } from '@holdfast/test-servers/redis'
import { until } from '@holdfast/test-servers/wait'
import { codeOf, openStore, redisTest } from './lib/harness.js'
import { ANY, newRecord } from '@holdfast/conformance/records'

const now = Date.now()
const WAIT = { replicas: 1, timeout: 300 }

let cluster: RedisCluster | null = null
before(async () => {
  if (skipRedis === false) cluster = await RedisCluster.start({ settings: ['--appendonly', 'yes'] })
})
after(() => cluster?.remove())

function theCluster(): RedisCluster {
  if (cluster === null) throw new Error('the Cluster was not started')
  return cluster
}

const CLIENTS: Readonly<Record<string, (t: TestContext) => Promise<RedisClient>>> = {
  ioredis: (t) => {
    const client = theCluster().client()
    t.after(() => client.disconnect())
    return Promise.resolve(client)
  },
  'node-redis': async (t) => {
    const rootNodes = theCluster().servers.map(({ port }) => ({
      socket: { host: '127.0.0.1', port, tls: false as const },
    }))
    const client = createCluster({ rootNodes })
    client.on('error', () => undefined)
    await client.connect()
    t.after(() => client.destroy())
    return client
  },
}

redisTest('Cluster: a client that keeps no commands back serves the first call', async (t) => {
  const nodes = theCluster().servers.map(({ port }) => ({ host: '127.0.0.1', port }))
  const client = new Cluster(nodes, { enableOfflineQueue: false })
  t.after(() => client.disconnect())
  await until(() => client.status === 'ready', 'connected')
  const { store } = openStore(t, { timeout: 5000 }, client)
  assert.equal(await codeOf(() => store.insert(newRecord(), { now, ...ANY })), 'ok')
})

for (const [name, open] of Object.entries(CLIENTS)) {
  redisTest(
    `Cluster: a write to a slot that has moved is acknowledged by the replica of its new server (${name})`,
    async (t) => {
      const { store, prefix } = openStore(t, { wait: WAIT, timeout: 2000 }, await open(t))
      const record = newRecord()
      await until(
        async () => (await codeOf(() => store.insert(record, { now, ...ANY }))) === 'ok',
        'a replica acknowledges',
      )
      const set = (value: string): unknown =>
        store.update(record.id, { now, set: new Map([['app:n', value]]) })
      await set('1')
      const heir = await move(`${prefix}s:${record.id}`)
      await heir.freeze()
      assert.equal(await codeOf(() => set('2')), 'ERR_SESSION_STORE_UNAVAILABLE')
      heir.thaw()
      await until(async () => (await codeOf(() => set('3'))) === 'ok', 'it is acknowledged again')
      assert.equal((await store.find(record.id))?.data.get('app:n'), '3')
    },
  )
}

/** Moves the slot of a key to another server, and gives the replica of that one. */
async function move(key: string): Promise<RedisServer> {
  const { servers } = theCluster()
  const clients = servers.map(({ port }) => new Redis(port, '127.0.0.1'))
  const slot = String(await clients[0]?.call('CLUSTER', 'KEYSLOT', key))
  const ids = await Promise.all(
    clients.map(async (each) => String(await each.call('CLUSTER', 'MYID'))),
  )
  const from = await ownerOf(key, clients.slice(0, 3))
  const to = (from + 1) % 3
  const [source, target] = [clients[from], clients[to]]
  await target?.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[from] ?? '')
  await source?.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[to] ?? '')
  const port = String(servers[to]?.port)
  await source?.call('MIGRATE', '127.0.0.1', port, key, '0', '1000')
  for (const each of [target, source])
    await each?.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[to] ?? '')
  for (const each of clients) each.disconnect()
  const heir = servers[to + 3]
  assert.ok(heir)
  return heir
}

/** Which of these servers holds the key. */
async function ownerOf(key: string, clients: readonly Redis[]): Promise<number> {
  const found = await Promise.all(
    clients.map(async (each) => (await each.exists(key).catch(() => 0)) === 1),
  )
  return found.indexOf(true)
}
