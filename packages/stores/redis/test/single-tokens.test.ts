import { tokenCases } from '@holdfast/conformance/tokens'
import { Redis } from 'ioredis'
import { RedisServer } from '@holdfast/test-servers/redis'
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
  lengths: { propertyRuns: 1, schedules: 150, rounds: 50 },
  suite: tokenCases,
})
