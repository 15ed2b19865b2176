/** The clients that a store is tried with; the first is what it gets where none is named. */
export const DRIVERS = {
  redis: ['ioredis', 'node-redis', 'iovalkey'],
  postgres: ['pg', 'postgres.js'],
} as const

export type RedisDriver = (typeof DRIVERS)['redis'][number]
export type PostgresDriver = (typeof DRIVERS)['postgres'][number]
export type DriverName = RedisDriver | PostgresDriver

export function isRedisDriver(name: string): name is RedisDriver {
  return DRIVERS.redis.some((each) => each === name)
}

export function isPostgresDriver(name: string): name is PostgresDriver {
  return DRIVERS.postgres.some((each) => each === name)
}

/** How soon a driver tries again to reach its server: an application that wants to be back within a second says so. */
export const RETRY = 100
/** After how long a connection that went silent is given up; else every call on it fails, for a quarter of an hour. */
export const SILENCE = 500
