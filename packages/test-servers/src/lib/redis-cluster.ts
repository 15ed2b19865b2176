import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster } from 'ioredis'
import { RedisServer, type RedisServerOptions } from './redis-server.js'
import { until } from './wait.js'

const SLOTS = 16_384
const MASTERS = 3

/** Three servers that take writes and a replica of each. */
export class RedisCluster {
  readonly servers: readonly RedisServer[]

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers
  }

  static async start({
    settings = [],
  }: Pick<RedisServerOptions, 'settings'> = {}): Promise<RedisCluster> {
    const all = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...settings]
    const servers: RedisServer[] = []
    for (let n = 0; n < 2 * MASTERS; n++) servers.push(await RedisServer.plan({ settings: all }))
    introduce(servers)
    await Promise.all(servers.map((server) => server.start()))
    await Promise.all(servers.map((server) => until(() => isReady(server), 'the Cluster stands')))
    return new RedisCluster(servers)
  }

  /** A client of all of it. */
  client(): Cluster {
    return new Cluster(this.servers.map(({ port }) => ({ host: '127.0.0.1', port })))
  }

  async remove(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.remove()))
  }
}

/** Writes what each would learn of the others by gossip, which takes ten seconds. */
function introduce(servers: readonly RedisServer[]): void {
  const ids = servers.map(() => randomBytes(20).toString('hex'))
  for (const [self, { folder }] of servers.entries()) {
    const lines = servers.map(({ port }, n) => {
      const mine = n === self ? 'myself,' : ''
      const address = `${ids[n]} 127.0.0.1:${port}@${port + 10_000}`
      if (n >= MASTERS)
        return `${address} ${mine}slave ${ids[n - MASTERS]} 0 0 ${n - MASTERS + 1} connected`
      const from = Math.ceil((n * SLOTS) / MASTERS)
      const to = Math.ceil(((n + 1) * SLOTS) / MASTERS) - 1
      return `${address} ${mine}master - 0 0 ${n + 1} connected ${from}-${to}`
    })
    const epoch = `vars currentEpoch ${MASTERS} lastVoteEpoch 0`
    writeFileSync(join(folder, 'nodes.conf'), `${[...lines, epoch].join('\n')}\n`)
  }
}

async function isReady(server: RedisServer): Promise<boolean> {
  const state = String(await server.command('CLUSTER', 'INFO'))
  const replication = String(await server.command('INFO', 'replication'))
  const linked = /role:master/.test(replication)
    ? /state=online/.test(replication)
    : /master_link_status:up/.test(replication)
  return state.includes('cluster_state:ok') && linked
}
