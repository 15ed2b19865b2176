import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '@holdfast/postgres'
import {
  copyAsServer,
  PostgresServer as Server,
  type PostgresServerOptions,
} from '@holdfast/test-servers/postgres'
import { until } from '@holdfast/test-servers/wait'
import type { StoreConfig } from '../stores.js'
import type { StoreServer } from './server.js'
import type { Tmpfs } from './tmpfs.js'

const SETTINGS = ['shared_buffers=64MB', 'max_wal_size=1GB']

/** A PostgreSQL of the suite's own, as shipped: fsync on unless told otherwise. */
export class PostgresServer implements StoreServer {
  readonly #server: Server
  readonly #settings: readonly string[]
  readonly #disk: Tmpfs | null

  private constructor(server: Server, settings: readonly string[], disk: Tmpfs | null) {
    this.#server = server
    this.#settings = settings
    this.#disk = disk
  }

  static async start(
    settings: readonly string[] = [],
    disk: Tmpfs | null = null,
  ): Promise<PostgresServer> {
    const options: PostgresServerOptions = { settings: [...SETTINGS, ...settings], tcp: true }
    const folder = disk === null ? {} : { folder: disk.folder }
    const started = await Server.start({ ...options, ...folder })
    const server = new PostgresServer(started, settings, disk)
    await server.#migrate()
    return server
  }

  /** One that follows the server at `port` and can be promoted. */
  static async standbyOf(port: number, settings: readonly string[]): Promise<PostgresServer> {
    const options = { settings: [...SETTINGS, ...settings], tcp: true, follows: port }
    return new PostgresServer(await Server.start(options), settings, null)
  }

  get port(): number {
    return this.#server.port
  }

  config(port: number): StoreConfig {
    return { kind: 'postgres', port, forgetful: this.#settings.includes('fsync=off') }
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
    await until(() => this.#server.answers(), 'postgres answers')
  }

  /** Empty-handed is a database that has its tables and nothing in them, as after a wrong restore. */
  wipe(): Promise<void> {
    const { data } = this.#server
    rmSync(data, { recursive: true, force: true })
    copyAsServer(this.#empty, data)
    return Promise.resolve()
  }

  async dropPush(): Promise<void> {
    await this.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query ilike '%listen %' and pid <> pg_backend_pid()",
    )
  }

  /** Asks the server itself, not through the proxy. */
  query(text: string): Promise<readonly unknown[]> {
    return this.#server.query(text)
  }

  async remove(): Promise<void> {
    await this.#server.remove()
    this.#disk?.remove()
  }

  get #empty(): string {
    return join(this.#server.folder, 'empty')
  }

  async #migrate(): Promise<void> {
    const pool = this.#server.pool()
    await migrate(pool)
    await pool.end()
    // A stopped server's folder, to come back to empty-handed.
    if (this.#disk !== null) return
    await this.#server.stop()
    copyAsServer(this.#server.data, this.#empty)
    await this.#server.start()
  }
}
