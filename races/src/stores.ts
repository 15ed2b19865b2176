import type { SessionStore } from '@holdfast/core/store'
import { postgresStore } from '@holdfast/postgres'
import { redisStore } from '@holdfast/redis'
import { Cluster, Redis } from 'ioredis'
import { Pool } from 'pg'

/** What a process is told of the database. */
export type StoreConfig =
  | { readonly kind: 'redis'; readonly ports: readonly number[] }
  | { readonly kind: 'cluster'; readonly ports: readonly number[] }
  | { readonly kind: 'postgres'; readonly folder: string }

/** Hundreds of requests at once on few cores: a slow machine is no failure of a store. */
export const PATIENCE = 60_000

/** The store as an application opens it. */
export function openStore(config: StoreConfig): {
  readonly store: SessionStore
  readonly close: () => Promise<unknown>
} {
  if (config.kind === 'postgres') {
    const address = { host: config.folder, port: 5432, user: 'holdfast', database: 'postgres' }
    const pool = new Pool({ ...address, max: 10, connectionTimeoutMillis: PATIENCE })
    pool.on('error', () => undefined)
    const store = postgresStore(pool, { allowForgetful: true, timeout: PATIENCE })
    return { store, close: () => pool.end() }
  }
  const nodes = config.ports.map((port) => ({ host: '127.0.0.1', port }))
  const client = config.kind === 'cluster' ? new Cluster(nodes) : new Redis(nodes[0] ?? {})
  client.on('error', () => undefined)
  const store = redisStore(client, { timeout: PATIENCE, onWarning: () => undefined })
  return { store, close: () => Promise.resolve(client.disconnect()) }
}
