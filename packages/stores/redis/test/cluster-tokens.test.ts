import { tokenCases } from '@holdfast/conformance/tokens'
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
  lengths: { propertyRuns: 1, schedules: 60, rounds: 20 },
  suite: tokenCases,
})
