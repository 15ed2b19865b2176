import type { Cluster } from 'ioredis'
import { TestCluster } from './lib/cluster.js'
import { runSuite } from './lib/suite.js'

let cluster: TestCluster | null = null
let client: Cluster | null = null

runSuite({
  async start() {
    cluster = await TestCluster.start()
    client = cluster.client()
    return client
  },
  async stop() {
    client?.disconnect()
    await cluster?.stop()
  },
  lengths: { propertyRuns: 60, schedules: 200, rounds: 20 },
})
