import { spawnSync, type StdioOptions } from 'node:child_process'
import { closeSync, existsSync, openSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { serverUser } from './server-user.js'

const HOW = ['-U', 'holdfast', '-E', 'UTF8', '--locale=C', '--no-sync']

/**
 * Makes the files of a server that holds nothing. To make them takes a second; all tests of a run make them once, and unpack them
 * after that. `passwordFile` holds the password of a server that asks for one.
 */
export function makePostgresFiles(
  initdb: string,
  data: string,
  passwordFile: string | null = null,
): void {
  const shared = process.env['HOLDFAST_TEST_SHARED']
  const packed = shared === undefined ? null : join(shared, 'postgres.tar')
  if (passwordFile === null && packed !== null && existsSync(packed)) return unpack(packed, data)
  const auth =
    passwordFile === null ? ['-A', 'trust'] : ['-A', 'scram-sha-256', '--pwfile', passwordFile]
  runAsServer(initdb, ['-D', data, ...HOW, ...auth], dirname(data))
  if (passwordFile === null && packed !== null) pack(data, packed)
}

/** By a name of its own at first: another process may do the same, or look already. */
function pack(data: string, packed: string): void {
  const own = `${packed}.${process.pid}`
  const output = openSync(own, 'w', 0o600)
  const args = ['-cf', '-', basename(data)]
  runAsServer('tar', args, dirname(data), ['ignore', output, 'pipe'])
  closeSync(output)
  renameSync(own, packed)
}

/** The server's user may not see the archive: it is handed to it open. */
function unpack(packed: string, data: string): void {
  const input = openSync(packed, 'r')
  runAsServer('tar', ['-xpf', '-'], dirname(data), [input, 'pipe', 'pipe'])
  closeSync(input)
}

/** Copies a folder so that the server may use the copy. */
export function copyAsServer(from: string, to: string): void {
  runAsServer('cp', ['-a', from, to], dirname(to))
}

/** Runs a program as the user who runs the servers. */
export function runAsServer(
  program: string,
  args: readonly string[],
  cwd: string,
  stdio: StdioOptions = 'pipe',
): void {
  const options = { ...serverUser(), cwd, stdio, encoding: 'utf8' } as const
  const { status, stderr, error } = spawnSync(program, args, options)
  if (status !== 0) throw new Error(`${program} failed: ${stderr ?? ''}`, { cause: error })
}
