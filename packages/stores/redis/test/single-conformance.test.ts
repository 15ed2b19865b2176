import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { RedisServer, skipRedis } from '@holdfast/test-servers/redis'
import { runSuite } from './lib/suite.js'

let server: RedisServer | null = null
let client: Redis | null = null

runSuite({
  async start() {
    server = await RedisServer.start()
    client = new Redis(server.socket)
    return client
  },
  async stop() {
    client?.disconnect()
    await server?.remove()
  },
  lengths: { propertyRuns: 150, schedules: 400, rounds: 40 },
})

// After all cases of the suite.
test('no call looks at every key', { skip: skipRedis }, async () => {
  const stats = String(await server?.command('INFO', 'commandstats'))
  assert.match(stats, /cmdstat_mget:/)
  assert.doesNotMatch(stats, /cmdstat_(?:keys|[hsz]?scan|randomkey|hgetall|hkeys|smembers|sort)/)
})
