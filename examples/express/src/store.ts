import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '@holdfast/lmdb'
import { migrate, postgresStore } from '@holdfast/postgres'
import { redisStore } from '@holdfast/redis'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { StartError } from './start-error.js'

/** The site's store, and how to end what was opened for it. */
export interface SiteStore {
  readonly store: SessionStore
  readonly close: () => Promise<void>
}

/** The store that `address` (HOLDFAST_STORE) names: `redis://…` or `postgres://…`; without one, lmdb in `folder`. */
export async function openStore(address: string | undefined, folder: string): Promise<SiteStore> {
  if (address === undefined || address === '')
    return { store: lmdbStore(folder), close: () => Promise.resolve() }
  switch (URL.canParse(address) ? new URL(address).protocol : '') {
    case 'redis:':
    case 'rediss:':
      return openRedis(address)
    case 'postgres:':
    case 'postgresql:':
      return openPostgres(address)
    default:
      // The address may hold a password: it is not repeated.
      throw new StartError('HOLDFAST_STORE must begin with redis:// or postgres://')
  }
}

function openRedis(address: string): SiteStore {
  const client = new Redis(address, { retryStrategy: () => 100, socketTimeout: 500 })
  client.on('error', ({ message }) => console.error(`redis: ${message}`))
  return {
    // A server that would forget a revocation is warned of, so that any Redis will do to try the site with. In
    // production: redisStore(client, { production: true }).
    store: redisStore(client, { onWarning: (warning) => console.error(`redis: ${warning}`) }),
    close: async () => client.disconnect(),
  }
}

async function openPostgres(address: string): Promise<SiteStore> {
  const pool = new Pool({ connectionString: address, connectionTimeoutMillis: 1000 })
  pool.on('error', ({ message }) => console.error(`postgres: ${message}`))
  try {
    await migrate(pool)
  } catch (error) {
    await pool.end()
    throw error
  }
  return { store: postgresStore(pool), close: () => pool.end() }
}
