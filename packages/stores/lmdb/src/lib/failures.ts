import { statfsSync } from 'node:fs'
import { SessionError, type SessionErrorCode } from '@holdfast/core'

/** LMDB's own error numbers for a damaged file (lmdb.h): page not found, corrupted, not an LMDB file. */
const DAMAGE = new Set([-30797, -30796, -30793])
const FULL = new Set(['ENOSPC', 'EDQUOT', 28, 122, -30792])
const EIO = 5

/** Below this a disk counts as full: a lock file and the pages of one commit must fit. */
export const ROOM: number = 2 ** 20

const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 1, 13, 30])

/** An error of the operating system or of LMDB as a `SessionError` that says what, where and what to do. */
export function storeFailure(error: unknown, path: string): SessionError {
  if (error instanceof SessionError) return error
  const code = fullCode(codeOf(error), path)
  const text = error instanceof Error ? error.message : String(error)
  if (FULL.has(code)) return unavailable(path, 'the disk is full. Free some space', error)
  if (REFUSED.has(code))
    return unavailable(path, `not readable and writable (${text}). Check owner and mode`, error)
  if (DAMAGE.has(Number(code))) return corrupt(path, `data.mdb is damaged (${text})`, error)
  return unavailable(path, text, error)
}

/** LMDB reports a write that the disk took only a part of as EIO: look whether the disk is full. */
function fullCode(code: string | number, path: string): string | number {
  if (code !== EIO) return code
  try {
    return freeBytes(path) < ROOM ? 'ENOSPC' : code
  } catch {
    return code
  }
}

/** Bytes that this user may still write to the disk of `path`. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

function codeOf(error: unknown): string | number {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 0
  return typeof error.code === 'string' || typeof error.code === 'number' ? error.code : 0
}

/** The folder cannot be used now; it can be once its cause is gone. */
export function unavailable(path: string, what: string, cause?: unknown): SessionError {
  return failure('ERR_SESSION_STORE_UNAVAILABLE', path, what, { cause, retryable: true })
}

/** What is stored is not what was written. */
export function corrupt(path: string, what: string, cause?: unknown): SessionError {
  const advice = 'Restore the folder from a backup, or move it away to start with no sessions'
  return failure('ERR_SESSION_STORE_CORRUPT', path, `${what}. ${advice}`, { cause })
}

/** Whether one value is not what was written; of the file as a whole, LMDB itself speaks. */
export function isDamage(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'ERR_SESSION_STORE_CORRUPT'
}

/** Says that a list of sessions is short of one. */
export function warnOfDamage(what: string): void {
  process.emitWarning(`lmdb: left out of a list of sessions: ${what}`, {
    type: 'HoldfastWarning',
    code: 'HOLDFAST_DAMAGED_SESSION',
  })
}

/** A newer version wrote it. */
export function unsupported(path: string, what: string): SessionError {
  return failure('ERR_SESSION_STORE_UNSUPPORTED', path, `${what}. Upgrade @holdfast/lmdb`, {})
}

export function closed(path: string): SessionError {
  return failure('ERR_SESSION_STORE_CLOSED', path, 'the store was closed', {})
}

function failure(
  code: SessionErrorCode,
  path: string,
  what: string,
  options: { cause?: unknown; retryable?: boolean },
): SessionError {
  const { cause, ...rest } = options
  return new SessionError(code, `${path}: ${what}`, cause === undefined ? rest : options)
}
