import type { RedisServer } from '@holdfast/test-servers/redis'
import type { Expectations } from './check/model.js'
import type { Random } from '@holdfast/test-servers/random'
import { pick } from './random.js'
import { ALL, type Scenario } from './scenarios.js'
import type { ClusterPlace } from './servers/cluster.js'
import type { Pair } from './servers/pair.js'
import type { SentinelPair } from './servers/sentinel.js'
import { moveSlot, slotOf } from './servers/slots.js'

// A server that takes writes is lost, and another one takes its place.

/** Across a failover, what a read has seen and nobody acknowledged may go: Redis answers reads before its replica knows. */
const ACKNOWLEDGED: Expectations = { durable: true, steady: false }

/** The second server is cut off for a moment, then the main one is lost. */
export const failover: Scenario<Pair> = {
  name: 'failover',
  expected: ACKNOWLEDGED,
  async run({ stage, server, proxy }) {
    while (stage.goesOn) {
      await stage.pause(200, 500)
      stage.fault('failover')
      server.link.set({ kind: 'blackhole' })
      await stage.pause(100, 400)
      proxy.set({ kind: 'refuse' })
      await stage.down(
        async () => {
          await server.failOver()
          server.link.set({ kind: 'none' })
          await server.attach()
        },
        () => {
          proxy.target = server.port
          proxy.set({ kind: 'none' })
        },
      )
    }
  },
}

export const sentinelFailover: Scenario<SentinelPair> = {
  name: 'Sentinel: kill -9 of the primary',
  expected: ACKNOWLEDGED,
  async run({ stage, server }) {
    while (stage.goesOn) {
      await stage.pause(300, 1000)
      stage.fault('failover')
      await server.failOver()
      await stage.pause(0, 500)
      // As what it was it serves reads until the Sentinels have noticed, ten seconds later.
      await server.rejoin(stage.random() < 0.8 ? 'replica' : 'it was')
      await server.settle()
      stage.up()
    }
  },
}

export const clusterKill: Scenario<ClusterPlace> = {
  name: 'Cluster: kill -9 of primaries',
  expected: ACKNOWLEDGED,
  async run({ stage, server }) {
    while (stage.goesOn) {
      await stage.pause(200, 500)
      const lost = somePrimary(await server.primaries(), stage.random)
      const heir = await server.replicaOf(lost)
      const isBackSoon = stage.random() < 0.2
      stage.fault(isBackSoon ? 'kill' : 'failover')
      await lost.kill()
      if (!isBackSoon) await server.untilPromoted(heir)
      await stage.pause(0, 300)
      await lost.start()
      await server.settle()
      stage.up()
    }
  },
}

/** As before a planned restart; now and then the replica takes over without asking anybody. */
export const clusterHandover: Scenario<ClusterPlace> = {
  name: 'Cluster: CLUSTER FAILOVER',
  expected: ACKNOWLEDGED,
  async run({ stage, server }) {
    while (stage.goesOn) {
      await stage.pause(200, 500)
      const primary = somePrimary(await server.primaries(), stage.random)
      const heir = await server.replicaOf(primary)
      const how = stage.random() < 0.3 ? ['TAKEOVER'] : []
      stage.fault(['failover', ...how].join(' '))
      await server.handOver(heir, how)
      await server.settle()
      stage.up()
    }
  },
}

/** Slots with all that is in them move from one server to another, that of the revocation counters among them. */
export const slotsMove: Scenario<ClusterPlace> = {
  name: 'Cluster: slots move',
  expected: ALL,
  async run({ stage, server }) {
    while (stage.goesOn) {
      const primaries = await server.primaries()
      const key = stage.random() < 0.3 ? 'hf:e' : null
      const place = await slotOf(primaries, key, somePrimary(primaries, stage.random))
      if (place === null) continue
      const others = primaries.filter((each) => each !== place.owner)
      stage.fault('slot moved')
      await moveSlot(place, somePrimary(others, stage.random), primaries, () => stage.pause(0, 50))
      await stage.pause(0, 100)
    }
  },
}

function somePrimary(primaries: readonly RedisServer[], random: Random): RedisServer {
  const found = pick(random, primaries)
  if (found === undefined) throw new Error('the Cluster has no server that takes writes')
  return found
}
