import { type ChildProcess, spawnSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { migrate } from '@holdfast/postgres'
import { Client, Pool } from 'pg'
import type { StoreConfig } from '../stores.js'
import { until } from '../time.js'
import { end, freePort, freeze, isRunning, launch, newFolder, thaw } from './process.js'
import type { StoreServer } from './server.js'
import type { Tmpfs } from './tmpfs.js'

const KNOWN = [17, 16, 15, 14, 13].map((n) => `/usr/lib/postgresql/${n}/bin/postgres`)

/** Where the server is, or why there is none. */
export function findPostgres(): { readonly path: string } | { readonly missing: string } {
  const path = process.env['HOLDFAST_POSTGRES'] ?? KNOWN.find((each) => existsSync(each))
  return path === undefined
    ? { missing: process.env['HOLDFAST_POSTGRES_MISSING'] ?? 'postgresql is not installed' }
    : { path }
}

const SETTINGS = [
  ['listen_addresses=127.0.0.1', 'max_connections=200', 'shared_buffers=64MB', 'jit=off'],
  ['logging_collector=off', 'max_wal_size=1GB', 'restart_after_crash=on'],
].flat()

/** A PostgreSQL of the suite's own, as shipped: fsync on unless told otherwise. */
export class PostgresServer implements StoreServer {
  readonly port: number
  readonly #folder: string
  readonly #user = serverUser()
  readonly #executable: string
  readonly #settings: readonly string[]
  readonly #disk: Tmpfs | null
  #child: ChildProcess | null = null

  private constructor(port: number, settings: readonly string[], disk: Tmpfs | null) {
    const folder = disk?.folder ?? newFolder('pg')
    this.#disk = disk
    const found = findPostgres()
    if ('missing' in found) throw new Error(found.missing)
    this.#executable = found.path
    this.port = port
    this.#settings = [...SETTINGS, ...settings]
    this.#folder = folder
    const { uid, gid } = this.#user
    if (uid !== undefined) chownSync(folder, uid, gid ?? uid)
  }

  static async start(
    settings: readonly string[] = [],
    disk: Tmpfs | null = null,
  ): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), settings, disk)
    server.#initialize()
    await server.start()
    await server.#migrate()
    return server
  }

  config(port: number): StoreConfig {
    return { kind: 'postgres', port, forgetful: this.#settings.includes('fsync=off') }
  }

  async start(): Promise<void> {
    // What a kill left in the way of the next start.
    rmSync(join(this.#data, 'postmaster.pid'), { force: true })
    const settings = this.#settings.flatMap((each) => ['-c', each])
    const log = openSync(join(this.#folder, 'log'), 'a', 0o600)
    const args = ['-D', this.#data, '-p', String(this.port), '-k', this.#folder, ...settings]
    const child = launch(this.#executable, args, { stdio: ['ignore', log, log], ...this.#user })
    this.#child = child
    await until(() => {
      if (!isRunning(child)) throw new Error(`postgres ended: ${this.#tail()}`)
      return this.#answers()
    }, 'postgres answers')
  }

  /** All of it: a server process that outlived its parent could still answer. */
  async kill(): Promise<void> {
    await freeze(this.#child)
    const pid = this.#child?.pid
    const children = isRunning(this.#child)
      ? readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
      : []
    await end(this.#child, 'SIGKILL')
    const left = children.map(Number).filter((each) => each > 0)
    for (const each of left) killNow(each)
    await until(() => left.every((each) => !existsSync(`/proc/${each}`)), 'postgres is gone')
  }

  freeze(): Promise<void> {
    return freeze(this.#child)
  }

  thaw(): void {
    thaw(this.#child)
  }

  async answer(): Promise<void> {
    if (!isRunning(this.#child)) return this.start()
    await until(() => this.#answers(), 'postgres answers')
  }

  /** Empty-handed is a database that has its tables and nothing in them, as after a wrong restore. */
  wipe(): Promise<void> {
    rmSync(this.#data, { recursive: true, force: true })
    cpSync(this.#empty, this.#data, { recursive: true, preserveTimestamps: true })
    if (this.#user.uid !== undefined)
      spawnSync('chown', ['-R', `${this.#user.uid}:${this.#user.gid ?? ''}`, this.#data])
    return Promise.resolve()
  }

  async dropPush(): Promise<void> {
    await this.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query ilike '%listen %' and pid <> pg_backend_pid()",
    )
  }

  /** Asks the server itself, not through the proxy. */
  async query(text: string): Promise<void> {
    const client = this.#client()
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query(text)
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async remove(): Promise<void> {
    this.thaw()
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
    this.#disk?.remove()
  }

  get #data(): string {
    return join(this.#folder, 'data')
  }

  get #empty(): string {
    return join(this.#folder, 'empty')
  }

  #client(): Client {
    return new Client({ ...this.#address, connectionTimeoutMillis: 1000 })
  }

  get #address(): { host: string; port: number; user: string; database: string } {
    return { host: '127.0.0.1', port: this.port, user: 'holdfast', database: 'postgres' }
  }

  #initialize(): void {
    const initdb = join(dirname(this.#executable), 'initdb')
    const args = ['-D', this.#data, '-U', 'holdfast', '-A', 'trust', '-E', 'UTF8', '--locale=C']
    const { status, stderr } = spawnSync(initdb, [...args, '--no-sync'], {
      ...this.#user,
      cwd: this.#folder,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`initdb failed: ${stderr}`)
  }

  async #migrate(): Promise<void> {
    const pool = new Pool(this.#address)
    pool.on('error', () => undefined)
    await migrate(pool)
    await pool.end()
    // A stopped server's folder, to come back to empty-handed.
    if (this.#disk !== null) return
    await end(this.#child, 'SIGINT')
    cpSync(this.#data, this.#empty, { recursive: true, preserveTimestamps: true })
    await this.start()
  }

  async #answers(): Promise<boolean> {
    try {
      await this.query('select 1')
      return true
    } catch {
      return false
    }
  }

  #tail(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8').slice(-1500)
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone.
  }
}

/** PostgreSQL refuses to run as root: then it is another user. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  return {}
}
