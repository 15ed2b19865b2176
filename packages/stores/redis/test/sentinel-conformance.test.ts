import { storeCases } from '@holdfast/conformance/store'
import { tokenCases } from '@holdfast/conformance/tokens'
import type { Redis } from 'ioredis'
import { RedisSentinels } from '@holdfast/test-servers/redis'
import { runSuite } from './lib/suite.js'

let servers: RedisSentinels | null = null
let client: Redis | null = null

// What the Sentinels name is one server: what differs is how it is found, and that each write waits for its replica.
runSuite({
  async start() {
    // Nobody is to take over because the machine is busy.
    servers = await RedisSentinels.start({ downAfter: 60_000 })
    client = servers.client()
    return client
  },
  async stop() {
    client?.disconnect()
    await servers?.remove()
  },
  lengths: { propertyRuns: 30, schedules: 60, rounds: 10 },
  options: { wait: { replicas: 1, timeout: 30_000 } },
  suite: (options) => [...storeCases(options), ...tokenCases(options)],
})
