// @waits
import assert from 'node:assert/strict'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { RedisServer } from '@holdfast/test-servers/redis'
import { until } from '@holdfast/test-servers/wait'
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
import { lineToServer } from './lib/line.js'

withServer('--min-replicas-to-write', '1', '--min-replicas-max-lag', '1')

const now = Date.now()
const UNAVAILABLE = 'ERR_SESSION_STORE_UNAVAILABLE'

redisTest(
  'cut off with a primary whose replica takes its place: believed no longer where that is asked for',
  async (t) => {
    let isCut = false
    const line = await lineToServer(t, (client, server) => {
      client.on('data', (bytes) => isCut || server.write(bytes))
      server.on('data', (bytes) => isCut || client.write(bytes))
    })
    const other = await RedisServer.start({
      settings: ['--replicaof', '127.0.0.1', String(line.port)],
    })
    t.after(() => other.remove())
    const client = newClient(other)
    t.after(() => client.disconnect())
    const { store: strict, prefix } = openStore(t, { requireReplicas: true, heartbeat: 50 })
    const { store: lenient } = openStore(t, { prefix, heartbeat: 50 })
    const notices = noticesOf(strict)
    const record = newRecord()
    await until(
      async () => (await codeOf(() => strict.insert(record, { now, ...ANY }))) === 'ok',
      'a replica',
    )
    await until(has(notices, 'healthy'), 'healthy')
    const there = openStore(t, { prefix }, client).store
    await until(
      async () =>
        (await codeOf(async () => (await there.find(record.id)) ?? assert.fail())) === 'ok',
      'replicated',
    )

    notices.length = 0
    // Nothing is closed: either side only hears no more of the other.
    isCut = true
    const seen = (): Promise<string> => codeOf(() => strict.find(record.id))
    await until(async () => (await seen()) === UNAVAILABLE, 'the primary finds itself alone')
    await until(has(notices, 'unhealthy'), 'and says so')
    await client.call('REPLICAOF', 'NO', 'ONE')
    const target = { kind: 'session', id: record.id } as const
    assert.equal(await there.revoke(target, { at: now, reason: 'logout' }), 1)
    assert.equal(await seen(), UNAVAILABLE)
    assert.equal(await codeOf(() => strict.list('user', { limit: 5, now })), UNAVAILABLE)
    assert.equal(await codeOf(() => strict.epoch()), UNAVAILABLE)
    assert.equal(
      (await lenient.find(record.id))?.reason,
      null,
      'by default it is read from: see Not promised',
    )
    await theServer().client.config('SET', 'min-replicas-to-write', '0')
    assert.equal(
      (await strict.find(record.id))?.id,
      record.id,
      'one that needs no replicas is believed at once',
    )
  },
)

redisTest(
  'nobody watches: a refused write is enough to know a primary that is alone',
  async (t) => {
    await theServer().client.config('SET', 'min-replicas-to-write', '0')
    const { store } = openStore(t, { requireReplicas: true })
    const { store: lenient } = openStore(t)
    const record = newRecord()
    for (const each of [store, lenient]) await each.insert(record, { now, ...ANY })
    await theServer().client.config('SET', 'min-replicas-to-write', '1')
    for (const each of [store, lenient])
      assert.equal(await codeOf(() => each.update(record.id, { now })), UNAVAILABLE)
    assert.equal(await codeOf(() => store.find(record.id)), UNAVAILABLE)
    assert.equal(await codeOf(() => lenient.find(record.id)), 'ok')
  },
)
