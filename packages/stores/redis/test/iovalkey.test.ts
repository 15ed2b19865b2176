import { Redis } from 'iovalkey'
import { RedisServer } from '@holdfast/test-servers/redis'
import { runSuite } from './lib/suite.js'

let server: RedisServer | null = null
let client: Redis | null = null

// It is ioredis with another name: the contract will do.
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
  lengths: { propertyRuns: 10, schedules: 20, rounds: 5 },
  takes: (name) => !name.startsWith('races:') && !name.startsWith('model:'),
})
