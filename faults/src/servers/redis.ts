import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { StoreConfig } from '../stores.js'
import { until } from '../time.js'
import { end, freePort, freeze, isRunning, launch, newFolder, thaw } from './process.js'
import type { StoreServer } from './server.js'
import type { Tmpfs } from './tmpfs.js'

/** Settings with which nothing that was acknowledged is forgotten in a crash. */
export const DURABLE: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'always']
/** Settings as shipped: snapshots now and then, and no log. */
export const FORGETFUL: readonly string[] = ['--appendonly', 'no']

const KNOWN = ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/usr/bin/valkey-server']

/** Where the server is, or why there is none. */
export function findRedis(): { readonly path: string } | { readonly missing: string } {
  const path = process.env['HOLDFAST_REDIS'] ?? KNOWN.find((each) => existsSync(each))
  return path === undefined
    ? { missing: process.env['HOLDFAST_REDIS_MISSING'] ?? 'redis-server is not installed' }
    : { path }
}

interface RedisOptions {
  readonly settings: readonly string[]
  /** Where its folder is. Default: a new one. */
  readonly disk?: Tmpfs
}

/** A Redis of the suite's own. */
export class RedisServer implements StoreServer {
  readonly port: number
  readonly #folder: string
  readonly #options: RedisOptions
  #child: ChildProcess | null = null

  private constructor(port: number, options: RedisOptions) {
    this.port = port
    this.#options = options
    this.#folder = options.disk?.folder ?? newFolder('redis')
  }

  static async start(options: RedisOptions): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options)
    await server.start()
    return server
  }

  config(port: number): StoreConfig {
    const { settings } = this.#options
    const production = settings.includes('always')
    return { kind: 'redis', port, production }
  }

  async start(): Promise<void> {
    const found = findRedis()
    if ('missing' in found) throw new Error(found.missing)
    const args = [
      ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder],
      ['--save', '', '--daemonize', 'no', '--loglevel', 'warning'],
      ['--repl-diskless-sync-delay', '0', '--repl-diskless-load', 'on-empty-db'],
      this.#options.settings,
    ].flat()
    let output = ''
    const child = launch(found.path, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2000)))
    this.#child = child
    await until(async () => {
      if (!isRunning(child)) throw new Error(`redis-server ended: ${output}`)
      return this.#answers()
    }, 'redis-server answers')
  }

  async kill(): Promise<void> {
    await end(this.#child, 'SIGKILL')
  }

  freeze(): Promise<void> {
    return freeze(this.#child)
  }

  thaw(): void {
    thaw(this.#child)
  }

  async answer(): Promise<void> {
    if (!isRunning(this.#child)) return this.start()
    await until(() => this.#answers(), 'redis-server answers')
  }

  wipe(): Promise<void> {
    for (const name of readdirSync(this.#folder))
      rmSync(join(this.#folder, name), { recursive: true, force: true })
    return Promise.resolve()
  }

  async dropPush(): Promise<void> {
    await this.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
  }

  /** Asks the server itself, not through the proxy. */
  async command(name: string, ...args: string[]): Promise<unknown> {
    const client = new Redis(this.port, '127.0.0.1', { retryStrategy: () => null })
    client.on('error', () => undefined)
    try {
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }

  async remove(): Promise<void> {
    this.thaw()
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
    this.#options.disk?.remove()
  }

  /** While it loads its files it refuses everything. */
  async #answers(): Promise<boolean> {
    try {
      return (await this.command('PING')) === 'PONG'
    } catch {
      return false
    }
  }
}
