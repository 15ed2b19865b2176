import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, newFolder, removeFolder } from './place.js'
import { end, freeze, isRunning, launch, thaw } from './process.js'
import { Program } from './program.js'
import { sentinelArgs } from './sentinel.js'
import { until } from './wait.js'

const PROGRAM = new Program('HOLDFAST_REDIS', [
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
  '/usr/bin/valkey-server',
])

/** Why tests that need a Redis cannot run here; false if they can. */
export const skipRedis: string | false = PROGRAM.skip

export interface RedisServerOptions {
  /** Arguments after those that every server gets. */
  readonly settings?: readonly string[]
  /** An existing folder for its files, which whoever made it removes. Default: one of its own. */
  readonly folder?: string
  /** It is a Sentinel over the server at this port, which it calls `main`. */
  readonly sentinelOf?: number
  /** Milliseconds after which that server is down, to the Sentinel. Default 500. */
  readonly downAfter?: number
}

/** A Redis that is no other's: its folder, its port, a socket in the folder. It writes no snapshots unless told. */
export class RedisServer {
  readonly folder: string
  readonly port: number
  readonly socket: string
  readonly #ownsFolder: boolean
  readonly #args: readonly string[]
  #child: ChildProcess | null = null

  private constructor(port: number, options: RedisServerOptions) {
    const { settings = [], folder, sentinelOf, downAfter = 500 } = options
    this.#ownsFolder = folder === undefined
    this.folder = folder ?? newFolder('r')
    this.port = port
    this.socket = join(this.folder, 's')
    this.#args =
      sentinelOf === undefined
        ? [...this.#common(), ...settings]
        : sentinelArgs(this.folder, port, { main: sentinelOf, downAfter })
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = await RedisServer.plan(options)
    await server.start()
    return server
  }

  /** One that is not started yet: its folder may still be filled. */
  static async plan(options: RedisServerOptions = {}): Promise<RedisServer> {
    return new RedisServer(await freePort(), options)
  }

  get isRunning(): boolean {
    return isRunning(this.#child)
  }

  /** Starts it, again after {@link RedisServer.kill}, on what its folder holds. Returns when it answers. */
  async start(): Promise<void> {
    const child = launch(PROGRAM.path, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2000)))
    this.#child = child
    await until(() => {
      if (!isRunning(child)) throw new Error(`redis-server ended: ${output}`)
      return this.answers()
    }, 'redis-server answers')
  }

  /** kill -9; returns when it is gone. */
  async kill(): Promise<void> {
    await end(this.#child, 'SIGKILL')
  }

  /** Stops it where it stands. */
  freeze(): Promise<void> {
    return freeze(this.#child)
  }

  thaw(): void {
    thaw(this.#child)
  }

  /** Asks it over a connection of its own. */
  async command(name: string, ...args: readonly string[]): Promise<unknown> {
    const client = new Redis(this.port, '127.0.0.1', { retryStrategy: () => null })
    client.on('error', () => undefined)
    try {
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }

  /** While it loads its files it refuses everything. */
  async answers(): Promise<boolean> {
    try {
      return (await this.command('PING')) === 'PONG'
    } catch {
      return false
    }
  }

  /** Ends it and removes its folder. */
  async remove(): Promise<void> {
    await this.kill()
    if (this.#ownsFolder) removeFolder(this.folder)
  }

  #common(): readonly string[] {
    return [
      ['--port', String(this.port), '--bind', '127.0.0.1', '--unixsocket', this.socket],
      ['--dir', this.folder, '--save', '', '--daemonize', 'no', '--loglevel', 'warning'],
      // A replica would wait for others that may come at the same time; here nobody will.
      ['--repl-diskless-sync-delay', '0'],
    ].flat()
  }
}
