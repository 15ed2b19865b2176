import type { RedisClient } from '@holdfast/redis'
import { Cluster, Redis } from 'ioredis'
import * as valkey from 'iovalkey'
import { createClient, createCluster } from 'redis'
import type { RedisConfig } from '../stores.js'
import { RETRY, SILENCE } from './names.js'

const HOST = '127.0.0.1'

/** Name under which the Sentinels know the server. */
export const MAIN = 'main'

const PATIENCE = { connectTimeout: 1000, socketTimeout: SILENCE }
const OF_SERVER = { ...PATIENCE, retryStrategy: () => RETRY }
const OF_SENTINELS = { sentinelRetryStrategy: () => RETRY, name: MAIN }
const OF_CLUSTER = { clusterRetryStrategy: () => RETRY, redisOptions: PATIENCE }

/** A connected client as an application makes it that wants to be back soon. */
export function openRedis(config: RedisConfig): Promise<RedisClient> | RedisClient {
  switch (config.driver ?? 'ioredis') {
    case 'ioredis':
      return quiet(openIoredis(config))
    case 'iovalkey':
      return quiet(openIovalkey(config))
    case 'node-redis':
      return openNodeRedis(config)
  }
}

function openIoredis({ port, cluster, sentinels }: RedisConfig): Redis | Cluster {
  if (cluster !== undefined) return new Cluster(nodesOf(cluster), OF_CLUSTER)
  if (sentinels === undefined) return new Redis(port, HOST, OF_SERVER)
  return new Redis({ ...OF_SERVER, ...OF_SENTINELS, sentinels: nodesOf(sentinels) })
}

function openIovalkey({ port, cluster, sentinels }: RedisConfig): valkey.Redis | valkey.Cluster {
  if (cluster !== undefined) return new valkey.Cluster(nodesOf(cluster), OF_CLUSTER)
  if (sentinels === undefined) return new valkey.Redis(port, HOST, OF_SERVER)
  return new valkey.Redis({ ...OF_SERVER, ...OF_SENTINELS, sentinels: nodesOf(sentinels) })
}

/** A ping keeps an idle connection from being taken for a silent one. */
async function openNodeRedis({ port, cluster }: RedisConfig): Promise<RedisClient> {
  const socket = { ...PATIENCE, reconnectStrategy: () => RETRY }
  const pingInterval = SILENCE / 2
  if (cluster !== undefined) {
    const rootNodes = nodesOf(cluster).map((node) => ({ socket: { ...node, tls: false as const } }))
    const client = quiet(createCluster({ rootNodes, defaults: { socket, pingInterval } }))
    await client.connect()
    return client
  }
  const client = quiet(createClient({ socket: { ...socket, host: HOST, port }, pingInterval }))
  await client.connect()
  return client
}

function nodesOf(ports: readonly number[]): { host: string; port: number }[] {
  return ports.map((port) => ({ host: HOST, port }))
}

/** Lost connections are what the suite is about. */
function quiet<C extends { on(event: 'error', listener: () => void): unknown }>(client: C): C {
  client.on('error', () => undefined)
  return client
}
