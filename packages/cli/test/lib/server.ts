import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const postgres = process.env['HOLDFAST_POSTGRES']

/** Why no server can be started here; false if one can. */
export const skip: string | false =
  postgres === undefined
    ? (process.env['HOLDFAST_POSTGRES_MISSING'] ?? 'HOLDFAST_POSTGRES names no server')
    : false

export interface Server {
  readonly url: string
  stop(): Promise<void>
}

/** A server of its own that listens on a socket only, and wants the password `s3cret`. */
export async function startServer(): Promise<Server> {
  const user = serverUser()
  const base = user === null ? (process.env['HOLDFAST_TEST_TMP'] ?? tmpdir()) : '/tmp'
  const folder = mkdtempSync(join(base, 'hf-cli-'))
  if (user !== null) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const initdb = join(dirname(postgres ?? ''), 'initdb')
  const options = { ...user, cwd: folder }
  const pwfile = ['--auth=scram-sha-256', `--pwfile=${join(folder, 'password')}`]
  writeFileSync(join(folder, 'password'), 's3cret\n')
  const args = ['-D', data, '-U', 'holdfast', '-E', 'UTF8', '--locale=C', '--no-sync', ...pwfile]
  const made = spawnSync(initdb, args, { ...options, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const settings = ['-c', 'listen_addresses=', '-c', 'fsync=off']
  const child = spawn(postgres ?? '', ['-D', data, '-k', folder, ...settings], {
    ...options,
    stdio: 'ignore',
  })
  const gone = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  while (!isReady(data) && child.exitCode === null) await pause()
  return {
    url: `postgres://holdfast:s3cret@localhost/postgres?host=${encodeURIComponent(folder)}`,
    async stop() {
      child.kill('SIGINT')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isReady(data: string): boolean {
  const file = join(data, 'postmaster.pid')
  return existsSync(file) && readFileSync(file, 'utf8').includes('ready')
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20)
  })
}

/** PostgreSQL refuses to run as root: then it is another user. */
function serverUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  const line = users.find((each) => /^(?:postgres|nobody):/.test(each)) ?? ''
  const [, , uid, gid] = line.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}
