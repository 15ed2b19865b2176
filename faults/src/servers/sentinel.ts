import { RedisServer } from '@holdfast/test-servers/redis'
import { until } from '@holdfast/test-servers/wait'
import { MAIN } from '../drivers/redis.js'
import type { StoreConfig } from '../stores.js'
import { DURABLE } from './redis.js'
import { roleOf } from './role.js'
import type { Place } from './server.js'

const HOST = '127.0.0.1'
const SENTINELS = 3
const SETTINGS = [...DURABLE, '--min-replicas-to-write', '1']

/** A Redis, its replica, and three Sentinels who see to it that one of the two takes writes. */
export class SentinelPair implements Place {
  readonly port = 0
  readonly #sentinels: readonly RedisServer[]
  #main: RedisServer
  #other: RedisServer

  private constructor(main: RedisServer, other: RedisServer, sentinels: readonly RedisServer[]) {
    this.#main = main
    this.#other = other
    this.#sentinels = sentinels
  }

  static async start(): Promise<SentinelPair> {
    const main = await RedisServer.start({ settings: SETTINGS })
    const other = await RedisServer.start({ settings: SETTINGS })
    await other.command('REPLICAOF', HOST, String(main.port))
    const sentinels: RedisServer[] = []
    for (let n = 0; n < SENTINELS; n++)
      sentinels.push(await RedisServer.start({ sentinelOf: main.port }))
    const pair = new SentinelPair(main, other, sentinels)
    await pair.settle()
    return pair
  }

  config(): StoreConfig {
    const sentinels = this.#sentinels.map(({ port }) => port)
    const wait = { replicas: 1, timeout: 200 }
    return { kind: 'redis', port: 0, production: true, wait, sentinels }
  }

  /** The server that takes writes is lost; returns when every Sentinel names the other one. */
  async failOver(): Promise<void> {
    await this.#main.kill()
    const { port } = this.#other
    for (const sentinel of this.#sentinels)
      await until(async () => (await mainOf(sentinel)) === port, 'a Sentinel names the other')
    const lost = this.#main
    this.#main = this.#other
    this.#other = lost
  }

  /** What was lost comes back, as a replica or as what it was: then the Sentinels make it one. */
  async rejoin(as: 'replica' | 'it was'): Promise<void> {
    await this.#other.start()
    if (as === 'replica') await this.#other.command('REPLICAOF', HOST, String(this.#main.port))
  }

  /** Waits until one follows the other and all Sentinels know of them and of each other. */
  async settle(): Promise<void> {
    const { port } = this.#other
    await until(
      async () => (await roleOf(this.#main)).replicas.includes(port),
      'the replica follows',
    )
    for (const sentinel of this.#sentinels)
      await until(() => knowsAll(sentinel), 'the Sentinels know all')
  }

  async remove(): Promise<void> {
    await Promise.all(this.#sentinels.map((sentinel) => sentinel.remove()))
    await Promise.all([this.#main.remove(), this.#other.remove()])
  }
}

/** Port of the server that takes writes, as far as a Sentinel knows; 0 while it does not answer. */
async function mainOf(sentinel: RedisServer): Promise<number> {
  const reply = await ask(sentinel, 'GET-MASTER-ADDR-BY-NAME')
  return Array.isArray(reply) ? Number(reply[1]) : 0
}

/** Whether a Sentinel sees the server, its replica and its two fellows, and none of them down. */
async function knowsAll(sentinel: RedisServer): Promise<boolean> {
  const master = factsOf(await ask(sentinel, 'MASTER'))
  const replicas = await ask(sentinel, 'REPLICAS')
  const [replica] = Array.isArray(replicas) ? replicas.map(factsOf) : []
  return (
    master.get('flags') === 'master' &&
    master.get('num-other-sentinels') === String(SENTINELS - 1) &&
    replica?.get('flags') === 'slave' &&
    replica.get('master-link-status') === 'ok'
  )
}

function ask(sentinel: RedisServer, what: string): Promise<unknown> {
  return sentinel.command('SENTINEL', what, MAIN).catch(() => null)
}

/** A reply of names and values in turn. */
function factsOf(reply: unknown): ReadonlyMap<string, string> {
  const parts = Array.isArray(reply) ? reply.map(String) : []
  return new Map(parts.flatMap((name, n) => (n % 2 === 0 ? [[name, parts[n + 1] ?? '']] : [])))
}
