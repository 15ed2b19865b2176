import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Client, Pool, type PoolConfig } from 'pg'
import { freePort, newFolder, removeFolder } from './place.js'
import { copyAsServer, makePostgresFiles, runAsServer } from './postgres-files.js'
import { end, endAll, freeze, isRunning, launch, thaw } from './process.js'
import { Program } from './program.js'
import { serverUser } from './server-user.js'
import { pause, until } from './wait.js'

const PROGRAM = new Program(
  'HOLDFAST_POSTGRES',
  [17, 16, 15, 14, 13].map((version) => `/usr/lib/postgresql/${version}/bin/postgres`),
)

/** Why tests that need a PostgreSQL cannot run here; false if they can. */
export const skipPostgres: string | false = PROGRAM.skip

/** Settings that make a server fast and forgetful, for cases that do not look at its memory. */
export const FAST: readonly string[] = [
  ['fsync=off', 'full_page_writes=off'],
  ['max_wal_size=2GB', 'autovacuum=off'],
].flat()

const COMMON = ['max_connections=200', 'jit=off', 'logging_collector=off', 'timezone=UTC']
const USER = serverUser()

export interface PostgresServerOptions {
  /** Settings as `name=value`, after those that every server gets. Default: as shipped, so that nothing is forgotten. */
  readonly settings?: readonly string[]
  /** An existing folder for its files, which whoever made it removes. Default: one of its own. */
  readonly folder?: string
  /** Whether it listens to a port of 127.0.0.1 too, not to its socket alone. */
  readonly tcp?: boolean
  /** Without it, the server believes everybody. */
  readonly password?: string
  /** It becomes a standby of this server, which must be stopped. */
  readonly origin?: PostgresServer
  /** It becomes a standby of the server that listens to this port, and follows it. That one must believe everybody. */
  readonly follows?: number
}

/** A PostgreSQL that is no other's: its folder, and its socket in it. */
export class PostgresServer {
  readonly folder: string
  readonly port: number
  readonly #options: PostgresServerOptions
  readonly #clients: { end(): Promise<unknown> }[] = []
  #child: ChildProcess | null = null

  private constructor(port: number, options: PostgresServerOptions) {
    this.port = port
    this.#options = options
    this.folder = options.folder ?? newFolder('pg', true)
    if (USER.uid !== undefined) chownSync(this.folder, USER.uid, USER.gid ?? USER.uid)
  }

  /** Makes its folder and starts it. */
  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const server = new PostgresServer(options.tcp === true ? await freePort() : 5432, options)
    if (options.follows !== undefined) await server.#backUp(options.follows)
    else if (options.origin === undefined) server.#initialize()
    else server.#follow(options.origin)
    await server.start()
    return server
  }

  /** Where its files are. */
  get data(): string {
    return join(this.folder, 'data')
  }

  /** The connection string. */
  get url(): string {
    const { password, tcp } = this.#options
    const user = password === undefined ? 'holdfast' : `holdfast:${password}`
    if (tcp === true) return `postgres://${user}@127.0.0.1:${this.port}/postgres`
    return `postgres://${user}@localhost/postgres?host=${encodeURIComponent(this.folder)}`
  }

  get isRunning(): boolean {
    return isRunning(this.#child)
  }

  /** Starts it, again after {@link PostgresServer.kill}, on what its folder holds. Returns when it answers. */
  async start(): Promise<void> {
    for (let left = 20; ; left--) {
      // What a kill left in the way.
      rmSync(join(this.data, 'postmaster.pid'), { force: true })
      const child = this.#launch()
      this.#child = child
      try {
        return await until(() => {
          if (!isRunning(child)) throw new Error(`postgres ended; see ${this.#log}`)
          return this.answers()
        }, `postgres answers; see ${this.#log}`)
      } catch (error) {
        // A process of the one before may still hold its memory.
        if (left === 0 || isRunning(child)) throw error
        await pause(20)
      }
    }
  }

  /** Ends it in order; connections are cut off. */
  stop(): Promise<void> {
    return end(this.#child, 'SIGINT')
  }

  /** kill -9 of all its processes; returns when they are gone. */
  kill(): Promise<void> {
    return endAll(this.#child)
  }

  /** Stops all its processes where they stand. */
  freeze(): Promise<void> {
    return freeze(this.#child)
  }

  thaw(): void {
    thaw(this.#child)
  }

  /** A pool that ends with the server. */
  pool(options: PoolConfig = {}): Pool {
    const pool = new Pool({ ...this.#address, connectionTimeoutMillis: 5000, ...options })
    pool.on('error', () => undefined)
    return this.own(pool)
  }

  /** Ends this client with the server. */
  own<C extends { end(): Promise<unknown> }>(client: C): C {
    this.#clients.push(client)
    return client
  }

  /** Asks it over a connection of its own, and gives the rows. */
  async query(text: string): Promise<readonly unknown[]> {
    const client = new Client({ ...this.#address, connectionTimeoutMillis: 1000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.query<Record<string, unknown>>(text)).rows
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async answers(): Promise<boolean> {
    try {
      await this.query('select 1')
      return true
    } catch {
      return false
    }
  }

  /** Ends it with its clients and removes its folder. */
  async remove(): Promise<void> {
    this.thaw()
    await Promise.allSettled(this.#clients.map((client) => client.end()))
    // Not kill -9: what it shares between its processes would stay behind.
    await end(this.#child, 'SIGQUIT')
    if (this.#options.folder === undefined) removeFolder(this.folder)
  }

  get #address(): PoolConfig {
    const { password } = this.#options
    const secret = password === undefined ? {} : { password }
    const { folder: host, port } = this
    return { host, port, user: 'holdfast', database: 'postgres', ...secret }
  }

  get #log(): string {
    return join(process.env['HOLDFAST_TEST_TMP'] ?? this.folder, 'postgres.log')
  }

  #launch(): ChildProcess {
    const address = this.#options.tcp === true ? '127.0.0.1' : ''
    const listen = [`listen_addresses=${address}`, `port=${this.port}`]
    const settings = [...listen, ...COMMON, ...(this.#options.settings ?? [])]
    const args = ['-D', this.data, '-k', this.folder, ...settings.flatMap((each) => ['-c', each])]
    const log = openSync(this.#log, 'a', 0o600)
    const child = launch(PROGRAM.path, args, { stdio: ['ignore', log, log], ...USER })
    closeSync(log)
    return child
  }

  #initialize(): void {
    const { password } = this.#options
    const file = join(this.folder, 'password')
    if (password !== undefined) writeFileSync(file, `${password}\n`)
    const initdb = join(dirname(PROGRAM.path), 'initdb')
    makePostgresFiles(initdb, this.data, password === undefined ? null : file)
  }

  /** Not while this process stands still: it may be the one through which the other server is reached. */
  async #backUp(port: number): Promise<void> {
    const from = ['-h', '127.0.0.1', '-p', String(port), '-U', 'holdfast', '-D', this.data]
    const how = ['-R', '-X', 'stream', '-c', 'fast', '--no-sync']
    const program = join(dirname(PROGRAM.path), 'pg_basebackup')
    const options: SpawnOptions = { ...USER, cwd: this.folder, stdio: 'ignore' }
    const [code] = await once(launch(program, [...from, ...how], options), 'exit')
    if (code !== 0) throw new Error(`${program} failed with ${String(code)}`)
  }

  #follow({ data }: PostgresServer): void {
    copyAsServer(data, this.data)
    runAsServer('touch', [join(this.data, 'standby.signal')], this.folder)
  }
}
