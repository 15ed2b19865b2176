import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { codeOf, openStore, redisTest } from './lib/harness.js'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { RedisServer } from '@holdfast/test-servers/redis'
import { until } from '@holdfast/test-servers/wait'

const UNAVAILABLE = 'ERR_SESSION_STORE_UNAVAILABLE'

redisTest(
  'a rotation that no replica has acknowledged is shown to nobody, who would be handed its token',
  async (t) => {
    const main = await RedisServer.start()
    const replica = await RedisServer.start({
      settings: ['--replicaof', `127.0.0.1 ${main.port}`],
    })
    const client = new Redis(main.port, '127.0.0.1')
    t.after(async () => {
      client.disconnect()
      await Promise.all([main.remove(), replica.remove()])
    })
    const wait = { replicas: 1, timeout: 100 }
    const { store } = openStore(t, { wait, timeout: 2000 }, client)
    const record = newRecord()
    const now = record.createdAt
    await until(
      async () => (await codeOf(() => store.insert(record, { now, ...ANY }))) !== UNAVAILABLE,
      'a replica acknowledges',
    )
    await replica.freeze()
    const { verifierHash } = newRecord()
    const rotate = { at: now, verifierHash, sealed: 'sealed', ifVerifierHash: record.verifierHash }
    assert.equal(await codeOf(() => store.update(record.id, { now, rotate })), UNAVAILABLE)
    assert.equal(await codeOf(() => store.find(record.id)), UNAVAILABLE)
    replica.thaw()
    await until(async () => (await codeOf(() => store.find(record.id))) === 'ok', 'it is shown')
    assert.equal((await store.find(record.id))?.verifierHash, verifierHash)
  },
)
