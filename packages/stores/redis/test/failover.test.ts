import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Redis } from 'ioredis'
import { createCluster } from 'redis'
import { codeOf, has, noticesOf, openStore, redisTest } from './lib/harness.js'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { RedisCluster, RedisServer, skipRedis } from '@holdfast/test-servers/redis'
import { pause, until } from '@holdfast/test-servers/wait'

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

redisTest(
  'Cluster: a notice of every shard reaches every process, whatever its driver',
  async (t) => {
    const [client, other] = [theCluster().client(), clusterOfNodeRedis()]
    other.on('error', () => undefined)
    await other.connect()
    t.after(() => {
      client.disconnect()
      other.destroy()
    })
    const { store, prefix } = openStore(t, {}, client)
    const { store: watcher } = openStore(t, { prefix }, other)
    const notices = noticesOf(watcher)
    await until(has(notices, 'healthy'), 'healthy')
    notices.length = 0
    const records = Array.from({ length: 30 }, () => newRecord())
    for (const record of records) await store.insert(record, { now, ...ANY })
    const heard = (): number =>
      new Set(notices.flatMap((each) => ('id' in each ? [each.id] : []))).size
    await until(() => heard() === records.length, 'all notices')
    const ending = { at: now, reason: 'logout' }
    assert.equal(await watcher.revoke({ kind: 'subject', subject: 'user' }, ending), records.length)
    for (const { id } of records) assert.equal((await store.find(id))?.reason, 'logout')
  },
)

redisTest(
  'Cluster: one shard that stands still makes the channel unhealthy; its failover heals it',
  async (t) => {
    const client = theCluster().client()
    client.on('error', () => undefined)
    t.after(() => client.disconnect())
    const { store } = openStore(t, { heartbeat: 100, wait: WAIT }, client)
    const notices = noticesOf(store)
    await until(has(notices, 'healthy'), 'healthy')
    const records = Array.from({ length: 30 }, () => newRecord())
    for (const record of records) await acknowledged(() => store.insert(record, { now, ...ANY }))
    const half = records.slice(0, 15)
    for (const { id } of half)
      await acknowledged(() => store.revoke({ kind: 'session', id }, { at: now, reason: 'logout' }))
    notices.length = 0
    const [first] = theCluster().servers
    await first?.kill()
    await until(has(notices, 'unhealthy'), 'unhealthy')
    await until(has(notices, 'healthy'), 'healthy after the failover')
    for (const [n, { id }] of records.entries()) {
      const found = await store.find(id)
      assert.equal(found?.reason, n < 15 ? 'logout' : null, 'as it was acknowledged')
    }
    await first?.start()
  },
)

redisTest(
  'Sentinel: a revocation that a replica has acknowledged outlives the failover',
  async (t) => {
    const main = await RedisServer.start()
    const replica = await RedisServer.start({
      settings: ['--replicaof', '127.0.0.1', String(main.port)],
    })
    const sentinels = await Promise.all(
      [0, 1, 2].map(() => RedisServer.start({ sentinelOf: main.port })),
    )
    const client = new Redis({
      sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      name: 'main',
      retryStrategy: () => 100,
      sentinelRetryStrategy: () => 100,
    })
    client.on('error', () => undefined)
    t.after(async () => {
      client.disconnect()
      await Promise.all([main, replica, ...sentinels].map((server) => server.remove()))
    })
    const { store } = openStore(t, { heartbeat: 100, wait: WAIT }, client)
    const notices = noticesOf(store)
    await until(has(notices, 'healthy'), 'healthy')
    const record = newRecord()
    await acknowledged(() => store.insert(record, { now, ...ANY }))
    await store.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
    await until(async () => await knows(sentinels), 'the Sentinels know each other and the replica')
    notices.length = 0
    await main.kill()
    await until(has(notices, 'unhealthy'), 'unhealthy')
    await until(has(notices, 'healthy'), 'healthy after the failover')
    assert.equal((await store.find(record.id))?.reason, 'logout')
    const newMain = new Redis(replica.port, '127.0.0.1')
    t.after(() => newMain.disconnect())
    assert.match(await newMain.info('replication'), /role:master/)
  },
)

/** Tries until the replica has it: a server that has just started may not have its replica yet. */
async function acknowledged(call: () => unknown): Promise<void> {
  await until(async () => {
    const code = await codeOf(call)
    if (code !== 'ok') await pause(50)
    return code === 'ok'
  }, 'a replica acknowledges')
}

async function knows(sentinels: readonly RedisServer[]): Promise<boolean> {
  for (const { port } of sentinels) {
    const sentinel = new Redis(port, '127.0.0.1')
    const reply = await sentinel.call('SENTINEL', 'MASTER', 'main')
    sentinel.disconnect()
    const facts = Array.isArray(reply) ? reply.map(String) : []
    const fact = (name: string): string => facts[facts.indexOf(name) + 1] ?? ''
    if (fact('num-slaves') !== '1' || fact('num-other-sentinels') !== '2') return false
  }
  return true
}

function clusterOfNodeRedis(): ReturnType<typeof createCluster> {
  const rootNodes = theCluster().servers.map(({ port }) => ({
    socket: { host: '127.0.0.1', port, tls: false as const },
  }))
  return createCluster({ rootNodes })
}
