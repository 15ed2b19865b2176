import { RedisCluster, type RedisServer } from '@holdfast/test-servers/redis'
import { pause, until } from '@holdfast/test-servers/wait'
import type { StoreConfig } from '../stores.js'
import { DURABLE } from './redis.js'
import { roleOf } from './role.js'
import type { Place } from './server.js'

/** The settings that promise durability. */
const SETTINGS = [...DURABLE, '--min-replicas-to-write', '1']

/** Three servers that take writes and a replica of each. Workers reach them directly: no proxy stands between. */
export class ClusterPlace implements Place {
  readonly port = 0
  readonly #cluster: RedisCluster

  private constructor(cluster: RedisCluster) {
    this.#cluster = cluster
  }

  static async start(): Promise<ClusterPlace> {
    return new ClusterPlace(await RedisCluster.start({ settings: SETTINGS }))
  }

  config(): StoreConfig {
    const cluster = this.#nodes.map(({ port }) => port)
    const wait = { replicas: 1, timeout: 200 }
    return { kind: 'redis', port: 0, production: true, wait, cluster }
  }

  /** Those that take writes. */
  async primaries(): Promise<readonly RedisServer[]> {
    const roles = await Promise.all(this.#nodes.map((node) => roleOf(node)))
    return this.#nodes.filter((_, n) => roles[n]?.role === 'master')
  }

  /** The one that would take over from a server. */
  async replicaOf(primary: RedisServer): Promise<RedisServer> {
    const { replicas } = await roleOf(primary)
    const replica = this.#nodes.find(({ port }) => replicas.includes(port))
    if (replica === undefined) throw new Error(`server ${primary.port} has no replica`)
    return replica
  }

  /** Waits until a server has become one that takes writes. */
  async untilPromoted(node: RedisServer): Promise<void> {
    await until(async () => (await roleOf(node)).role === 'master', 'the replica takes over')
  }

  /** Has a replica take the place of its primary; asked again while the others, who voted a moment ago, do not agree. */
  async handOver(heir: RedisServer, how: readonly string[]): Promise<void> {
    for (let asked = 0; (await roleOf(heir)).role !== 'master'; asked++) {
      if (asked > 300) throw new Error('the replica does not take over')
      if (asked % 30 === 0) await heir.command('CLUSTER', 'FAILOVER', ...how)
      await pause(100)
    }
  }

  /** Waits until all six agree that all slots are served and each primary has its replica. */
  async settle(): Promise<void> {
    for (const node of this.#nodes)
      await until(() => isSettled(node), `server ${node.port} of the Cluster stands`)
  }

  remove(): Promise<void> {
    return this.#cluster.remove()
  }

  get #nodes(): readonly RedisServer[] {
    return this.#cluster.servers
  }
}

async function isSettled(node: RedisServer): Promise<boolean> {
  const { role, replicas, linked } = await roleOf(node)
  const info = String(await node.command('CLUSTER', 'INFO'))
  const followed = role === 'master' ? replicas.length > 0 : linked
  return info.includes('cluster_state:ok') && followed
}
