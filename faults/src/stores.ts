import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '@holdfast/lmdb'
import { postgresStore } from '@holdfast/postgres'
import { redisStore } from '@holdfast/redis'
import { Redis } from 'ioredis'
import { Pool } from 'pg'

/** What a worker is told of its store. */
export type StoreConfig =
  | {
      readonly kind: 'redis'
      readonly port: number
      readonly production: boolean
      /** As ioredis is shipped: what was sent and not answered is sent again over the next connection. */
      readonly wait?: { readonly replicas: number; readonly timeout: number }
    }
  | { readonly kind: 'postgres'; readonly port: number; readonly forgetful: boolean }
  | { readonly kind: 'lmdb'; readonly path: string }

/** How soon a driver tries again to reach its server: an application that wants to be back within a second says so. */
const RETRY = 100
const SILENCE = 500

/** The store as an application opens it. */
export function openStore(config: StoreConfig): SessionStore {
  switch (config.kind) {
    case 'redis': {
      const { port, production, wait } = config
      const client = new Redis(port, '127.0.0.1', {
        retryStrategy: () => RETRY,
        // A connection that went silent is given up; else every call on it fails, for a quarter of an hour.
        socketTimeout: SILENCE,
      })
      client.on('error', () => undefined)
      const waiting = wait === undefined ? {} : { wait }
      return redisStore(client, { production, onWarning: () => undefined, ...waiting })
    }
    case 'postgres': {
      const { port, forgetful } = config
      const connection = { host: '127.0.0.1', port, user: 'holdfast', database: 'postgres' }
      const pool = new Pool({ ...connection, max: 10, connectionTimeoutMillis: 1000 })
      pool.on('error', () => undefined)
      return postgresStore(pool, { allowForgetful: forgetful })
    }
    case 'lmdb':
      return lmdbStore(config.path, { timeout: 2000 })
  }
}
