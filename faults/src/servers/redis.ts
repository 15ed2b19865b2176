import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RedisServer as Server } from '@holdfast/test-servers/redis'
import { until } from '@holdfast/test-servers/wait'
import type { StoreConfig } from '../stores.js'
import type { StoreServer } from './server.js'
import type { Tmpfs } from './tmpfs.js'

/** Settings with which nothing that was acknowledged is forgotten in a crash. */
export const DURABLE: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'always']
/** Settings as shipped: snapshots now and then, and no log. */
export const FORGETFUL: readonly string[] = ['--appendonly', 'no']

interface RedisOptions {
  readonly settings: readonly string[]
  /** Where its folder is. Default: a new one. */
  readonly disk?: Tmpfs
}

/** A Redis of the suite's own. */
export class RedisServer implements StoreServer {
  readonly #server: Server
  readonly #options: RedisOptions

  private constructor(server: Server, options: RedisOptions) {
    this.#server = server
    this.#options = options
  }

  static async start(options: RedisOptions): Promise<RedisServer> {
    const settings = ['--repl-diskless-load', 'on-empty-db', ...options.settings]
    const folder = options.disk === undefined ? {} : { folder: options.disk.folder }
    return new RedisServer(await Server.start({ settings, ...folder }), options)
  }

  get port(): number {
    return this.#server.port
  }

  config(port: number): StoreConfig {
    const { settings } = this.#options
    const production = settings.includes('always')
    return { kind: 'redis', port, production }
  }

  start(): Promise<void> {
    return this.#server.start()
  }

  kill(): Promise<void> {
    return this.#server.kill()
  }

  freeze(): Promise<void> {
    return this.#server.freeze()
  }

  thaw(): void {
    this.#server.thaw()
  }

  async answer(): Promise<void> {
    if (!this.#server.isRunning) return this.start()
    await until(() => this.#server.answers(), 'redis-server answers')
  }

  wipe(): Promise<void> {
    const { folder } = this.#server
    for (const name of readdirSync(folder))
      rmSync(join(folder, name), { recursive: true, force: true })
    return Promise.resolve()
  }

  async dropPush(): Promise<void> {
    await this.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
  }

  /** Asks the server itself, not through the proxy. */
  command(name: string, ...args: readonly string[]): Promise<unknown> {
    return this.#server.command(name, ...args)
  }

  async remove(): Promise<void> {
    await this.#server.remove()
    this.#options.disk?.remove()
  }
}
