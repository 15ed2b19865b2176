import { migrate } from '@holdfast/postgres'
import { FAST, PostgresServer, skipPostgres } from '@holdfast/test-servers/postgres'
import { RedisCluster, RedisServer, skipRedis } from '@holdfast/test-servers/redis'
import type { StoreConfig } from './stores.js'

/** A database that is started for a run. */
interface Database {
  readonly config: StoreConfig
  readonly remove: () => Promise<void>
}

interface DatabaseKind {
  readonly title: string
  /** Why it cannot be started here; false if it can. */
  readonly skip: string | false
  readonly start: () => Promise<Database>
}

export type DatabaseName = 'redis' | 'cluster' | 'postgres'

export const DATABASES: Readonly<Record<DatabaseName, DatabaseKind>> = {
  redis: { title: 'Redis', skip: skipRedis, start: startRedis },
  cluster: { title: 'Redis Cluster of six', skip: skipRedis, start: startCluster },
  postgres: { title: 'PostgreSQL', skip: skipPostgres, start: startPostgres },
}

async function startRedis(): Promise<Database> {
  const server = await RedisServer.start()
  return { config: { kind: 'redis', ports: [server.port] }, remove: () => server.remove() }
}

async function startCluster(): Promise<Database> {
  // No failover because a busy machine kept a server from answering: it could lose what was just written.
  const cluster = await RedisCluster.start({ settings: ['--cluster-node-timeout', '60000'] })
  const ports = cluster.servers.map(({ port }) => port)
  return { config: { kind: 'cluster', ports }, remove: () => cluster.remove() }
}

async function startPostgres(): Promise<Database> {
  const server = await PostgresServer.start({ settings: FAST })
  const pool = server.pool({ max: 1 })
  await migrate(pool)
  await pool.end()
  return {
    config: { kind: 'postgres', folder: server.folder },
    remove: () => server.remove(),
  }
}
