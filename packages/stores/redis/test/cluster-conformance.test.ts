import { storeCases } from '@holdfast/conformance/store'
import { tokenCases } from '@holdfast/conformance/tokens'
import type { Cluster } from 'ioredis'
import { RedisCluster } from '@holdfast/test-servers/redis'
import { runSuite } from './lib/suite.js'

/** No failover where a busy machine keeps a server from answering for a while: it could lose what was just written. */
const STEADY = ['--cluster-node-timeout', '60000']

let cluster: RedisCluster | null = null
let client: Cluster | null = null

runSuite({
  async start() {
    cluster = await RedisCluster.start({ settings: STEADY })
    client = cluster.client()
    return client
  },
  async stop() {
    client?.disconnect()
    await cluster?.remove()
  },
  lengths: { propertyRuns: 60, schedules: 200, rounds: 20 },
  suite: (options) => [...storeCases(options), ...tokenCases(options)],
})
