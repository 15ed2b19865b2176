import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const EXECUTABLE = process.env['HOLDFAST_REDIS']

/** Why these tests cannot run here; false if they can. */
export const skip: string | false =
  EXECUTABLE === undefined
    ? (process.env['HOLDFAST_REDIS_MISSING'] ?? 'HOLDFAST_REDIS does not name a redis-server')
    : false

/** A server of the tests' own, in a folder of its own, killed with this process at the latest. */
export class RedisServer {
  readonly folder: string
  readonly port: number
  readonly socket: string
  readonly #settings: readonly string[]
  #child: ChildProcess | null = null

  private constructor(port: number, settings: readonly string[]) {
    this.folder = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), 'hf-r'))
    this.port = port
    this.socket = join(this.folder, 's')
    this.#settings = settings
  }

  static async start(...settings: readonly string[]): Promise<RedisServer> {
    const server = await RedisServer.plan(...settings)
    await server.start()
    return server
  }

  /** One that is not started yet: its folder may still be filled. */
  static async plan(...settings: readonly string[]): Promise<RedisServer> {
    return new RedisServer(await freePort(), settings)
  }

  /** A Sentinel over the server at `port`. */
  static async sentinel(master: number): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), ['--sentinel'])
    const file = join(server.folder, 'sentinel.conf')
    writeFileSync(
      file,
      [
        `port ${server.port}`,
        `dir ${server.folder}`,
        'bind 127.0.0.1',
        `sentinel monitor main 127.0.0.1 ${master} 2`,
        'sentinel down-after-milliseconds main 500',
        'sentinel failover-timeout main 3000',
      ].join('\n'),
    )
    await server.#spawn([file, '--sentinel'])
    return server
  }

  /** Starts it, again after {@link RedisServer.kill}, on what its folder holds. */
  start(): Promise<void> {
    const settings = [
      ['--port', String(this.port), '--bind', '127.0.0.1', '--unixsocket', this.socket],
      ['--dir', this.folder, '--save', '', '--daemonize', 'no', '--loglevel', 'warning'],
      ['--repl-diskless-sync-delay', '0', ...this.#settings],
    ]
    return this.#spawn(settings.flat())
  }

  async #spawn(args: readonly string[]): Promise<void> {
    const child = spawn(EXECUTABLE ?? 'redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    this.#child = child
    running.add(child)
    child.once('exit', () => running.delete(child))
    for (let tries = 0; !(await accepts(this.port)); tries++) {
      if (child.exitCode !== null || tries > 500) throw new Error(`redis-server: ${output}`)
      await pause(20)
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  /** Stops it where it stands, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  async stop(): Promise<void> {
    this.signal('SIGCONT')
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}

/** Waits until `reached`, for half a minute at most. */
export async function until(
  reached: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const end = performance.now() + 30_000
  while (!(await reached())) {
    if (performance.now() > end) throw new Error(`${what}: not within half a minute`)
    await pause(10)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A port that is free, with its cluster bus (10,000 above) likewise. */
async function freePort(): Promise<number> {
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
