import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client, Pool, type PoolConfig } from 'pg'

const postgres = process.env['HOLDFAST_POSTGRES']
const PATIENCE = 30_000

/** Why no server can be started here; false if one can. */
export const skip: string | false =
  postgres === undefined
    ? (process.env['HOLDFAST_POSTGRES_MISSING'] ?? 'HOLDFAST_POSTGRES names no server')
    : false

/** Settings that make a server fast and forgetful, for cases that do not look at its memory. */
export const FAST: readonly string[] = ['fsync=off', 'full_page_writes=off']

const COMMON = [
  ['listen_addresses=', 'max_connections=200', 'shared_buffers=128MB', 'autovacuum=off'],
  ['max_wal_size=2GB', 'jit=off', 'logging_collector=off', 'timezone=UTC'],
].flat()

/** A PostgreSQL of its own: its folder, its socket in it, no TCP. */
export class TestServer {
  readonly folder: string
  readonly #user: { uid?: number; gid?: number }
  readonly #settings: readonly string[]
  readonly #clients: { end(): Promise<unknown> }[] = []
  #child: ChildProcess | null = null

  /** With `origin`: a standby of that server, which must be stopped. */
  constructor(settings: readonly string[] = FAST, origin?: TestServer) {
    this.#user = serverUser()
    this.#settings = [...COMMON, ...settings]
    // The server's user could not reach into a folder that is for root alone. A socket's path must be short.
    const base =
      this.#user.uid === undefined ? (process.env['HOLDFAST_TEST_TMP'] ?? tmpdir()) : '/tmp'
    this.folder = mkdtempSync(join(base, 'hf-pg-'))
    if (this.#user.uid !== undefined)
      chownSync(this.folder, this.#user.uid, this.#user.gid ?? this.#user.uid)
    if (origin === undefined) this.#initialize()
    else this.#copy(origin)
  }

  /** The connection string. */
  get url(): string {
    return `postgres://holdfast@localhost/postgres?host=${encodeURIComponent(this.folder)}`
  }

  async start(): Promise<void> {
    for (let left = 20; ; left--) {
      this.#spawn()
      try {
        return await this.#untilReady()
      } catch (error) {
        // A process of the one before may still hold its memory.
        if (left === 0 || this.#child?.exitCode === null) throw error
        await pause()
      }
    }
  }

  #spawn(): void {
    const settings = this.#settings.flatMap((each) => ['-c', each])
    const log = openSync(this.#log, 'a', 0o600)
    this.#child = spawn(
      postgres ?? '',
      ['-D', join(this.folder, 'data'), '-k', this.folder, ...settings],
      { stdio: ['ignore', log, log], ...this.#user },
    )
    closeSync(log)
  }

  /** Ends the server: SIGINT cuts connections off, SIGKILL is a crash. */
  async stop(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => {
      child.once('exit', resolve)
    })
    // A backend that outlives its postmaster may answer once more: a crash ends all of them.
    const workers = signal === 'SIGKILL' ? childrenOf(child.pid) : []
    child.kill(signal)
    for (const pid of workers) kill(pid, signal)
    await gone
    // Until the last of them has let go of its memory, a new server refuses to start.
    for (let left = 100; left > 0 && workers.some(isThere); left--) await pause()
  }

  /** Pauses the server's every process, or lets them go on. */
  signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = this.#child?.pid
    for (const each of [pid, ...childrenOf(pid)]) kill(each, signal)
  }

  /** A pool that ends with the server. */
  pool(options: PoolConfig = {}): Pool {
    const pool = new Pool({
      host: this.folder,
      user: 'holdfast',
      database: 'postgres',
      connectionTimeoutMillis: 5000,
      ...options,
    })
    pool.on('error', () => undefined)
    this.#clients.push(pool)
    return pool
  }

  /** Ends this client with the server. */
  own<Client extends { end(): Promise<unknown> }>(client: Client): Client {
    this.#clients.push(client)
    return client
  }

  async remove(): Promise<void> {
    await Promise.allSettled(this.#clients.map((client) => client.end()))
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  get #log(): string {
    return join(process.env['HOLDFAST_TEST_TMP'] ?? this.folder, 'postgres.log')
  }

  #initialize(): void {
    const initdb = join(dirname(postgres ?? ''), 'initdb')
    const args = ['-D', join(this.folder, 'data'), '-U', 'holdfast', '-A', 'trust', '-E', 'UTF8']
    const { status, stderr } = spawnSync(initdb, [...args, '--locale=C', '--no-sync'], {
      ...this.#user,
      cwd: this.folder,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`initdb failed: ${stderr}`)
  }

  #copy(origin: TestServer): void {
    const from = join(origin.folder, 'data')
    const script = 'cp -a "$0" data && touch data/standby.signal'
    const { status } = spawnSync('sh', ['-c', script, from], { ...this.#user, cwd: this.folder })
    if (status !== 0) throw new Error('the data folder could not be copied')
  }

  async #untilReady(): Promise<void> {
    const end = performance.now() + PATIENCE
    for (;;) {
      const client = new Client({ host: this.folder, user: 'holdfast', database: 'postgres' })
      try {
        await client.connect()
        return await client.end()
      } catch (error) {
        await client.end().catch(() => undefined)
        if (performance.now() > end || this.#child?.exitCode !== null)
          throw new Error(`the server did not start; see ${this.#log}`, { cause: error })
      }
      await pause()
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20)
  })
}

/** The server's own children: nobody else's processes. */
function childrenOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return []
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? [] : children.split(' ').map(Number)
}

function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`)
}

/** One that has ended meanwhile is no error. */
function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal)
  } catch {
    // It is gone.
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
