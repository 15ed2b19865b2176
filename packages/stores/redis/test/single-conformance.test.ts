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
  lengths: { propertyRuns: 150, schedules: 400, rounds: 40 },
})
