// @waits
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { createCluster } from 'redis'
import { codeOf, has, noticesOf, openStore, redisTest } from './lib/harness.js'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { RedisCluster, RedisSentinels, skipRedis } from '@holdfast/test-servers/redis'
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
    const servers = await RedisSentinels.start()
    const client = servers.client()
    client.on('error', () => undefined)
    t.after(async () => {
      client.disconnect()
      await servers.remove()
    })
    const { store } = openStore(t, { heartbeat: 100, wait: WAIT }, client)
    const notices = noticesOf(store)
    await until(has(notices, 'healthy'), 'healthy')
    const record = newRecord()
    await acknowledged(() => store.insert(record, { now, ...ANY }))
    await store.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
    notices.length = 0
    await servers.main.kill()
    await until(has(notices, 'unhealthy'), 'unhealthy')
    await until(has(notices, 'healthy'), 'healthy after the failover')
    assert.equal((await store.find(record.id))?.reason, 'logout')
    assert.match(String(await servers.replica.command('INFO', 'replication')), /role:master/)
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

function clusterOfNodeRedis(): ReturnType<typeof createCluster> {
  const rootNodes = theCluster().servers.map(({ port }) => ({
    socket: { host: '127.0.0.1', port, tls: false as const },
  }))
  return createCluster({ rootNodes })
}
