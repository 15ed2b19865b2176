import { storeCases } from '@holdfast/conformance/store'
import { tokenCases } from '@holdfast/conformance/tokens'
import { createCluster } from 'redis'
import { RedisCluster } from '@holdfast/test-servers/redis'
import { runSuite } from './lib/suite.js'

/** No failover where a busy machine keeps a server from answering for a while: it could lose what was just written. */
const STEADY = ['--cluster-node-timeout', '60000']

let cluster: RedisCluster | null = null
let client: ReturnType<typeof createCluster> | null = null

// What is random has its length over ioredis: the contract, and the tokens, will do.
runSuite({
  async start() {
    cluster = await RedisCluster.start({ settings: STEADY })
    const rootNodes = cluster.servers.map(({ port }) => ({
      socket: { host: '127.0.0.1', port, tls: false as const },
    }))
    client = createCluster({ rootNodes })
    await client.connect()
    return client
  },
  async stop() {
    client?.destroy()
    await cluster?.remove()
  },
  lengths: { propertyRuns: 1, schedules: 20, rounds: 5 },
  suite: (options) => [...storeCases(options), ...tokenCases(options)],
  takes: (name) => !/^(?:races|model):|1,500/.test(name),
})
