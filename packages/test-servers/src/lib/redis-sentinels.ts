import { Redis } from 'ioredis'
import { RedisServer, type RedisServerOptions } from './redis-server.js'
import { until } from './wait.js'

const SENTINELS = 3

/** A Redis, its replica, and three Sentinels who see to it that one of the two takes writes. */
export class RedisSentinels {
  /** The one that took writes when they were started. */
  readonly main: RedisServer
  readonly replica: RedisServer
  readonly sentinels: readonly RedisServer[]

  private constructor(main: RedisServer, replica: RedisServer, sentinels: readonly RedisServer[]) {
    this.main = main
    this.replica = replica
    this.sentinels = sentinels
  }

  /** Returns when the replica follows, and every Sentinel knows of it and of its two fellows. */
  static async start({
    settings = [],
    ...told
  }: Pick<RedisServerOptions, 'settings' | 'downAfter'> = {}): Promise<RedisSentinels> {
    const main = await RedisServer.start({ settings })
    const replica = await RedisServer.start({
      settings: [...settings, '--replicaof', '127.0.0.1', String(main.port)],
    })
    const sentinels = await Promise.all(
      Array.from({ length: SENTINELS }, () =>
        RedisServer.start({ sentinelOf: main.port, ...told }),
      ),
    )
    const all = new RedisSentinels(main, replica, sentinels)
    await until(() => isFollowed(main), 'the replica follows')
    for (const each of sentinels) await until(() => knowsAll(each), 'the Sentinels know all')
    return all
  }

  /** A client that asks the Sentinels where to write. */
  client(): Redis {
    return new Redis({
      sentinels: this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      name: 'main',
      retryStrategy: () => 100,
      sentinelRetryStrategy: () => 100,
    })
  }

  async remove(): Promise<void> {
    const all = [...this.sentinels, this.main, this.replica]
    await Promise.all(all.map((server) => server.remove()))
  }
}

async function isFollowed(server: RedisServer): Promise<boolean> {
  return String(await server.command('INFO', 'replication')).includes('state=online')
}

async function knowsAll(sentinel: RedisServer): Promise<boolean> {
  const told = String(await sentinel.command('INFO', 'sentinel'))
  return told.includes('status=ok') && told.includes(`slaves=1,sentinels=${SENTINELS}`)
}
