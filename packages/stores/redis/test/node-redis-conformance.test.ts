import { storeCases } from '@holdfast/conformance/store'
import { tokenCases } from '@holdfast/conformance/tokens'
import { createClient } from 'redis'
import { RedisServer } from '@holdfast/test-servers/redis'
import { runSuite } from './lib/suite.js'

let server: RedisServer | null = null
let client: ReturnType<typeof createClient> | null = null

runSuite({
  async start() {
    server = await RedisServer.start()
    client = createClient({ socket: { path: server.socket, tls: false } })
    await client.connect()
    return client
  },
  async stop() {
    client?.destroy()
    await server?.remove()
  },
  lengths: { propertyRuns: 30, schedules: 60, rounds: 10 },
  suite: (options) => [...storeCases(options), ...tokenCases(options)],
})
