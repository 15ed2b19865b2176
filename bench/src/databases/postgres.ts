import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { migrate } from '@holdfast/postgres'
import { Client } from 'pg'
import { end, startServer } from '../harness/child.js'
import { poolOf } from './clients.js'
import type { Database, DatabaseAddress, DatabaseOptions } from './model.js'
import { until } from './until.js'

const SETTINGS = [
  ['listen_addresses=', 'max_connections=200', 'shared_buffers=512MB', 'jit=off'],
  ['logging_collector=off', 'max_wal_size=4GB', 'timezone=UTC'],
].flat()
const FORGETFUL = ['fsync=off', 'full_page_writes=off']

/** A PostgreSQL with the tables of the store, reached by its socket alone. */
export async function startPostgres(options: DatabaseOptions): Promise<Database> {
  const { program, folder, core, durable } = options
  const user = serverUser()
  if (user.uid !== undefined) {
    // Its user may pass through the folder of the run, and see nothing in it.
    chmodSync(dirname(folder), 0o711)
    chownSync(folder, user.uid, user.gid)
  }
  const data = join(folder, 'data')
  const make = ['-D', data, '-U', 'holdfast', '-A', 'trust', '-E', 'UTF8', '--locale=C']
  const initdb = join(dirname(program), 'initdb')
  execFileSync(initdb, [...make, '--no-sync'], { ...user, cwd: folder, stdio: 'pipe' })
  const settings = [...SETTINGS, ...(durable ? [] : FORGETFUL)].flatMap((each) => ['-c', each])
  const child = startServer(program, ['-D', data, '-k', folder, ...settings], { core, ...user })
  const address: DatabaseAddress = { name: 'postgres', socket: folder, ports: [] }
  await until(async () => {
    if (child.exitCode !== null) throw new Error('postgres ended')
    return answers(address)
  }, 'postgres is ready')
  const pool = poolOf(address, 1)
  await migrate(pool)
  await pool.end()
  return {
    address,
    commands: () => Promise.resolve(null),
    stop: () => end(child, 'SIGINT'),
  }
}

async function answers({ socket }: DatabaseAddress): Promise<boolean> {
  const client = new Client({ host: socket, user: 'holdfast', database: 'postgres' })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** PostgreSQL refuses to run as root: then it is another user. */
function serverUser(): { readonly uid: number; readonly gid: number } | { readonly uid?: never } {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  return {}
}
