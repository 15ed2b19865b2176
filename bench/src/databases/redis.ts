import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { end, startServer } from '../harness/child.js'
import type { Database, DatabaseOptions } from './model.js'
import { until } from './until.js'

const SETTINGS = ['--bind', '127.0.0.1', '--save', '', '--daemonize', 'no', '--loglevel', 'warning']
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']

/** A Redis on its own socket and, for a Cluster, port. */
export class RedisServer {
  readonly socket: string
  readonly port: number
  readonly #child: ChildProcess

  constructor(options: DatabaseOptions, port: number, settings: readonly string[] = []) {
    const { program, folder, core, durable } = options
    this.socket = join(folder, 's')
    this.port = port
    const place = ['--port', String(port), '--unixsocket', this.socket, '--dir', folder]
    const args = [...SETTINGS, ...place, ...(durable ? DURABLE : []), ...settings]
    this.#child = startServer(program, args, { core })
  }

  async ready(isReady: (client: Redis) => Promise<boolean>): Promise<void> {
    await until(async () => {
      if (this.#child.exitCode !== null) throw new Error('redis-server ended')
      return this.ask(isReady)
    }, 'redis-server is ready')
  }

  /** Asks the server over a connection for this alone. */
  async ask<Answer>(question: (client: Redis) => Promise<Answer>): Promise<Answer> {
    const client = new Redis(this.socket, { retryStrategy: () => 20 })
    client.on('error', () => undefined)
    try {
      return await question(client)
    } finally {
      client.disconnect()
    }
  }

  /** Calls of all commands, those within scripts included and those of this question not. */
  async commands(): Promise<number> {
    const text = await this.ask((client) => client.info('commandstats'))
    const calls = [...text.matchAll(/^cmdstat_([a-z|_-]+):calls=(\d+)/gm)]
    return calls
      .filter(([, name]) => name !== 'info')
      .reduce((sum, [, , count]) => sum + Number(count), 0)
  }

  async stop(): Promise<void> {
    await end(this.#child)
  }
}

export async function startRedis(options: DatabaseOptions): Promise<Database> {
  const server = new RedisServer(options, await freePort())
  await server.ready(async (client) => (await client.ping()) === 'PONG')
  return {
    address: { name: 'redis', socket: server.socket, ports: [server.port] },
    commands: () => server.commands(),
    stop: () => server.stop(),
  }
}

/** A port that is free, with its Cluster bus (10,000 above) likewise. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 25_000)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
