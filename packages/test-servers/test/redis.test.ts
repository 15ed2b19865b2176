import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { RedisCluster, RedisSentinels, RedisServer, skipRedis as skip } from '../src/redis.js'
import { pause, until } from '../src/wait.js'

// On the program that HOLDFAST_REDIS names.

test('a server that was killed comes back with what it wrote', { skip }, async (t) => {
  const settings = ['--appendonly', 'yes', '--appendfsync', 'always']
  const server = await RedisServer.start({ settings })
  t.after(() => server.remove())
  await server.command('SET', 'key', 'value')
  await server.kill()
  assert.equal(server.isRunning, false)
  assert.equal(await server.answers(), false)
  await server.start()
  assert.equal(await server.command('GET', 'key'), 'value')
})

test('a server that is frozen answers nobody until it is let go on', { skip }, async (t) => {
  const server = await RedisServer.start()
  t.after(() => server.remove())
  await server.freeze()
  const answer = server.command('PING')
  assert.equal(await Promise.race([answer, pause(100)]), undefined)
  server.thaw()
  assert.equal(await answer, 'PONG')
})

test('a server that is removed leaves nothing, frozen or not', { skip }, async () => {
  const servers = await Promise.all([RedisServer.start(), RedisServer.start()])
  await servers[0].freeze()
  for (const server of servers) {
    await server.remove()
    assert.equal(server.isRunning, false)
    assert.equal(existsSync(server.folder), false)
  }
})

test('three Sentinels put a replica in the place of a server that is lost', { skip }, async (t) => {
  const servers = await RedisSentinels.start()
  t.after(() => servers.remove())
  const { main, replica } = servers
  await main.kill()
  // A Sentinel that promotes a server cuts its clients off.
  const isMain = async (): Promise<boolean> =>
    String(await replica.command('INFO', 'replication').catch(() => '')).includes('role:master')
  await until(isMain, 'the replica has taken over')
})

test('a Cluster has three servers that take writes, and a replica of each', { skip }, async (t) => {
  const cluster = await RedisCluster.start()
  t.after(() => cluster.remove())
  const client = cluster.client()
  t.after(() => client.disconnect())
  for (let n = 0; n < 30; n++) assert.equal(await client.set(`key${n}`, n), 'OK')
  const sizes = cluster.servers.map(async (each) => Number(await each.command('DBSIZE')))
  const [a = 0, b = 0, c = 0] = await Promise.all(sizes)
  assert.ok(Math.min(a, b, c) > 0, 'keys are spread')
  assert.equal(a + b + c, 30)
  const roles = cluster.servers.map(async (each) =>
    String(await each.command('INFO', 'replication')),
  )
  const masters = (await Promise.all(roles)).filter((text) => text.includes('role:master'))
  assert.equal(masters.length, 3)
})
