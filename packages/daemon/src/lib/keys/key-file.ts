import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { SessionError } from '@holdfast/core'
import { z } from 'zod'

const OTHERS = 0o077
/** Each token is tried with one of them only, but a ring that only grows was forgotten. */
export const MOST_KEYS = 16

const shape = z.strictObject({
  version: z.literal(1),
  keys: z
    .array(z.strictObject({ key: z.string().min(32), createdAt: z.int().nonnegative() }))
    .min(1)
    .max(MOST_KEYS),
})

/** A key that the daemon has made, and when. */
export interface ManagedKey {
  readonly key: string
  readonly createdAt: number
}

/** The keys in the file, newest first; null where there is no file. Errors: `ERR_SESSION_KEY_INVALID`, without what it holds. */
export function readKeyFile(file: string): readonly ManagedKey[] | null {
  const text = readPrivate(file)
  if (text === null) return null
  try {
    const json: unknown = JSON.parse(text)
    return shape.parse(json).keys
  } catch {
    // No cause: it would quote the file.
    throw refused(
      file,
      'is damaged. Restore it from a backup, or move it away: everyone then has to sign in again',
    )
  }
}

function readPrivate(file: string): string | null {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    if (isMissing(error)) return null
    throw refused(file, 'cannot be read by this user')
  }
  try {
    if ((fstatSync(handle).mode & OTHERS) !== 0)
      throw refused(
        file,
        `may be read by other users, so the keys in it are no secrets. If nobody did: chmod 600 ${file}; otherwise move it away`,
      )
    return readFileSync(handle, 'utf8')
  } finally {
    closeSync(handle)
  }
}

/** Replaces the file, whole or not at all, and durably when it returns. */
export function writeKeyFile(file: string, keys: readonly ManagedKey[]): void {
  const draft = `${file}.new`
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // A draft that another start has left might have other permissions.
  rmSync(draft, { force: true })
  const handle = openSync(draft, 'wx', 0o600)
  try {
    writeFileSync(handle, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function refused(file: string, what: string): SessionError {
  return new SessionError('ERR_SESSION_KEY_INVALID', `the key file ${file} ${what}`)
}
