import { Cluster, Redis } from 'ioredis'
import { RedisServer, until } from './redis-server.js'

const SLOTS = 16_384
const MASTERS = 3

/** Three servers that take writes and a replica of each. */
export class TestCluster {
  readonly servers: readonly RedisServer[]

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers
  }

  static async start(...settings: readonly string[]): Promise<TestCluster> {
    const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...settings]
    const servers = await Promise.all(
      Array.from({ length: 2 * MASTERS }, () => RedisServer.start(...options)),
    )
    const cluster = new TestCluster(servers)
    await cluster.#join()
    return cluster
  }

  /** A client of all of it. */
  client(): Cluster {
    return new Cluster(this.servers.map(({ port }) => ({ host: '127.0.0.1', port })))
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()))
  }

  async #join(): Promise<void> {
    const clients = this.servers.map(({ port }) => new Redis(port, '127.0.0.1'))
    const [first, ...others] = clients
    if (first === undefined) throw new Error('a Cluster has servers')
    const ids = await Promise.all(clients.map((client) => client.cluster('MYID')))
    for (const [n, client] of clients.slice(0, MASTERS).entries()) {
      const from = Math.ceil((n * SLOTS) / MASTERS)
      const to = Math.ceil(((n + 1) * SLOTS) / MASTERS) - 1
      await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to)
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', n + 1)
    }
    for (const { port } of this.servers.slice(1)) await first.cluster('MEET', '127.0.0.1', port)
    const known = async (client: Redis): Promise<boolean> =>
      (await client.cluster('INFO')).includes(`cluster_known_nodes:${2 * MASTERS}`)
    for (const client of clients) await until(() => known(client), 'servers meet')
    for (const [n, client] of others.slice(MASTERS - 1).entries()) {
      const master = ids[n] ?? ''
      await until(
        () =>
          client.cluster('REPLICATE', master).then(
            () => true,
            () => false,
          ),
        'replicas replicate',
      )
    }
    const ready = async (client: Redis): Promise<boolean> => {
      const state = await client.cluster('INFO')
      const slots = await client.cluster('SLOTS')
      return state.includes('cluster_state:ok') && slots.every((range) => range.length >= 4)
    }
    for (const client of clients) await until(() => ready(client), 'the Cluster stands')
    for (const client of clients) client.disconnect()
  }
}
