import { Cluster, Redis } from 'ioredis'
import { Pool } from 'pg'
import { createClient, type RedisClientType } from 'redis'
import { postgresStore } from '@holdfast/postgres'
import { redisStore } from '@holdfast/redis'
import type { SessionStore } from '@holdfast/core/store'
import type { DatabaseAddress } from './model.js'

/** A disk that stalls for a moment makes a figure worse, and must not end the run. */
const PATIENCE = 10_000
const CONNECTIONS = 10

/** The store on a client as an application makes it. */
export function storeOn(address: DatabaseAddress): SessionStore {
  if (address.name === 'postgres')
    return postgresStore(poolOf(address, CONNECTIONS), { timeout: PATIENCE, allowForgetful: true })
  return redisStore(redisOf(address), { timeout: PATIENCE, onWarning: () => undefined })
}

export function redisOf({ name, socket, ports }: DatabaseAddress): Redis | Cluster {
  const client =
    name === 'cluster'
      ? new Cluster(ports.map((port) => ({ host: '127.0.0.1', port })))
      : new Redis(socket)
  client.on('error', () => undefined)
  return client
}

export function poolOf({ socket }: DatabaseAddress, max: number): Pool {
  const pool = new Pool({
    host: socket,
    user: 'holdfast',
    database: 'postgres',
    max,
    connectionTimeoutMillis: PATIENCE,
  })
  pool.on('error', () => undefined)
  return pool
}

/** A node-redis client, which connect-redis asks for. */
export async function nodeRedisOf({ socket }: DatabaseAddress): Promise<RedisClientType> {
  const client = createClient({ socket: { path: socket, tls: false } })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
