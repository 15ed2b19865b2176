import { until } from '@holdfast/test-servers/wait'
import { Proxy } from '../proxy.js'
import type { StoreConfig } from '../stores.js'
import { DURABLE, RedisServer } from './redis.js'
import type { Place } from './server.js'

/** A server and another that has its data and can take over. What it receives goes through a proxy. */
export interface Pair extends Place {
  readonly link: Proxy
  /** Gives the present main server a second one, and returns once that has everything. */
  attach(): Promise<void>
  /** The main server is lost for good, and the second takes its place. */
  failOver(): Promise<void>
}

/** A Redis and its replica, which takes over when it is told to. */
export class RedisPair implements Pair {
  readonly link: Proxy
  readonly #wait: boolean
  #main: RedisServer
  #replica: RedisServer | null = null

  private constructor(main: RedisServer, link: Proxy, wait: boolean) {
    this.#main = main
    this.link = link
    this.#wait = wait
  }

  /** With `wait`, every write is acknowledged by the replica first. */
  static async start(wait: boolean): Promise<RedisPair> {
    const main = await RedisServer.start({ settings: DURABLE })
    const pair = new RedisPair(main, await Proxy.to(main.port), wait)
    await pair.attach()
    return pair
  }

  get port(): number {
    return this.#main.port
  }

  config(port: number): StoreConfig {
    const wait = { replicas: 1, timeout: 200 }
    return { kind: 'redis', port, production: this.#wait, ...(this.#wait ? { wait } : {}) }
  }

  async attach(): Promise<void> {
    const replica = await RedisServer.start({
      settings: [...DURABLE, '--replicaof', `127.0.0.1 ${this.link.port}`],
    })
    this.#replica = replica
    await until(
      async () => String(await replica.command('INFO', 'replication')).includes('link_status:up'),
      'the replica has everything',
    )
  }

  async failOver(): Promise<void> {
    const replica = this.#replica
    if (replica === null) throw new Error('there is no replica')
    await this.#main.remove()
    await replica.command('REPLICAOF', 'NO', 'ONE')
    this.link.cut()
    this.link.target = replica.port
    this.#main = replica
    this.#replica = null
  }

  async remove(): Promise<void> {
    await Promise.all([this.#main.remove(), this.#replica?.remove()])
    await this.link.close()
  }
}
