import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '@holdfast/lmdb'
import { postgresStore } from '@holdfast/postgres'
import { redisStore } from '@holdfast/redis'
import {
  type DriverName,
  isPostgresDriver,
  isRedisDriver,
  type PostgresDriver,
  type RedisDriver,
} from './drivers/names.js'
import { openPostgres } from './drivers/postgres.js'
import { openRedis } from './drivers/redis.js'

export interface RedisConfig {
  readonly kind: 'redis'
  readonly port: number
  readonly production: boolean
  readonly wait?: { readonly replicas: number; readonly timeout: number }
  readonly driver?: RedisDriver
  /** Ports of a Cluster's servers, in place of `port`. */
  readonly cluster?: readonly number[]
  /** Ports of the Sentinels who know where the server is, in place of `port`. */
  readonly sentinels?: readonly number[]
}

export interface PostgresConfig {
  readonly kind: 'postgres'
  readonly port: number
  readonly forgetful: boolean
  readonly driver?: PostgresDriver
}

/** What a worker is told of its store. */
export type StoreConfig =
  | RedisConfig
  | PostgresConfig
  | { readonly kind: 'lmdb'; readonly path: string }

/** The same store by another client, where it has such a one. */
export function withDriver(config: StoreConfig, driver: DriverName | null): StoreConfig {
  if (driver === null) return config
  if (config.kind === 'redis' && isRedisDriver(driver)) return { ...config, driver }
  if (config.kind === 'postgres' && isPostgresDriver(driver)) return { ...config, driver }
  throw new TypeError(`${config.kind} has no driver ${driver}`)
}

/** The store as an application opens it. */
export async function openStore(config: StoreConfig): Promise<SessionStore> {
  switch (config.kind) {
    case 'redis': {
      const { production, wait } = config
      const waiting = wait === undefined ? {} : { wait }
      const client = await openRedis(config)
      return redisStore(client, { production, onWarning: () => undefined, ...waiting })
    }
    case 'postgres':
      return postgresStore(openPostgres(config), { allowForgetful: config.forgetful })
    case 'lmdb':
      return lmdbStore(config.path, { timeout: 2000 })
  }
}
