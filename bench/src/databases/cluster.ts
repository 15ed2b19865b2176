import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database, DatabaseOptions } from './model.js'
import { freePort, RedisServer } from './redis.js'

const SLOTS = 16_384
const MASTERS = 3
const SETTINGS = ['--cluster-enabled', 'yes', '--repl-diskless-sync-delay', '0']

/** Three servers that take writes and a replica of each. */
export async function startCluster(options: DatabaseOptions): Promise<Database> {
  const nodes: { readonly folder: string; readonly port: number }[] = []
  for (let n = 0; n < 2 * MASTERS; n++)
    nodes.push({ folder: join(options.folder, String(n)), port: await freePort() })
  introduce(nodes)
  const servers = nodes.map(
    ({ folder, port }) => new RedisServer({ ...options, folder }, port, SETTINGS),
  )
  await Promise.all(servers.map((server) => server.ready(isReady)))
  return {
    address: { name: 'cluster', socket: '', ports: nodes.map(({ port }) => port) },
    commands: async () => {
      const counts = await Promise.all(servers.map((server) => server.commands()))
      return counts.reduce((sum, count) => sum + count, 0)
    },
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

/** Writes what each would learn of the others by gossip, which takes ten seconds. */
function introduce(nodes: readonly { readonly folder: string; readonly port: number }[]): void {
  const ids = nodes.map(() => randomBytes(20).toString('hex'))
  for (const [self, { folder }] of nodes.entries()) {
    const lines = nodes.map(({ port }, n) => {
      const mine = n === self ? 'myself,' : ''
      const address = `${ids[n]} 127.0.0.1:${port}@${port + 10_000}`
      if (n >= MASTERS)
        return `${address} ${mine}slave ${ids[n - MASTERS]} 0 0 ${n - MASTERS + 1} connected`
      const from = Math.ceil((n * SLOTS) / MASTERS)
      const to = Math.ceil(((n + 1) * SLOTS) / MASTERS) - 1
      return `${address} ${mine}master - 0 0 ${n + 1} connected ${from}-${to}`
    })
    mkdirSync(folder, { mode: 0o700 })
    const epoch = `vars currentEpoch ${MASTERS} lastVoteEpoch 0`
    writeFileSync(join(folder, 'nodes.conf'), `${[...lines, epoch].join('\n')}\n`)
  }
}

async function isReady(client: RedisClient): Promise<boolean> {
  const state = await client.cluster('INFO')
  const replication = await client.info('replication')
  const linked = replication.includes('role:master')
    ? replication.includes('state=online')
    : replication.includes('master_link_status:up')
  return state.includes('cluster_state:ok') && linked
}

type RedisClient = Parameters<Parameters<RedisServer['ready']>[0]>[0]
