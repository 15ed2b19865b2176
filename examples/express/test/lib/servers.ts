import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Client } from 'pg'

/** A database server of a test's own: its address for HOLDFAST_STORE. */
export interface DatabaseServer {
  readonly address: string
  stop(): Promise<void>
}

type Start = (program: string) => Promise<DatabaseServer>

/** Servers by the environment variable that names their program. */
export const SERVERS: Readonly<Record<'HOLDFAST_REDIS' | 'HOLDFAST_POSTGRES', Start>> = {
  HOLDFAST_REDIS: startRedis,
  HOLDFAST_POSTGRES: startPostgres,
}

async function startRedis(program: string): Promise<DatabaseServer> {
  const folder = mkdtempSync('/tmp/hf-site-redis-')
  const port = await freePort()
  const options = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync: 'always' }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn(program, args, { stdio: 'ignore' })
  const address = `redis://127.0.0.1:${port}`
  await untilReady(async () => {
    const client = new Redis(address, { lazyConnect: true, retryStrategy: null })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.ping()
    } finally {
      client.disconnect()
    }
  })
  return { address, stop: () => end(child, folder) }
}

async function startPostgres(program: string): Promise<DatabaseServer> {
  // The server refuses to run as root, and its user could not reach into a folder that is for root alone.
  const folder = mkdtempSync('/tmp/hf-site-pg-')
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const initdb = join(dirname(program), 'initdb')
  const made = spawnSync(initdb, ['-D', data, '-U', 'holdfast', '-A', 'trust', '--no-sync'], user)
  if (made.status !== 0) throw new Error(`initdb failed: ${String(made.stderr)}`)
  const args = ['-D', data, '-k', folder, '-c', 'listen_addresses=']
  const child = spawn(program, args, { stdio: 'ignore', ...user })
  const address = `postgres://holdfast@localhost/postgres?host=${encodeURIComponent(folder)}`
  await untilReady(async () => {
    const client = new Client({ connectionString: address })
    client.on('error', () => undefined)
    await client.connect()
    await client.end()
  })
  return { address, stop: () => end(child, folder) }
}

function idOf(flag: string): number {
  const { stdout } = spawnSync('id', [flag, 'postgres'])
  const id = Number(String(stdout))
  return Number.isInteger(id) && id > 0 ? id : 65_534
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

async function untilReady(connect: () => Promise<void>): Promise<void> {
  for (let left = 100; ; left--) {
    try {
      await connect()
      return
    } catch (error) {
      if (left === 0) throw error
      await delay(100)
    }
  }
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  rmSync(folder, { recursive: true, force: true })
}
