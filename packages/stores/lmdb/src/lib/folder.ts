import { accessSync, chmodSync, constants, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { SessionError } from '@holdfast/core'
import { createDataFile, createTurnstile, removeStaleDrafts, sync } from './create.js'
import { closeEnvironment, openEnvironment, type Environment } from './environment.js'
import { corrupt, freeBytes, ROOM, unavailable } from './failures.js'
import { checkDataFile } from './header.js'
import { checkLayout } from './layout.js'
import { Turnstile, TURNSTILE } from './turnstile.js'

const OTHERS = 0o077
const STICKY = 0o1000

/** An open folder: the tables, and what keeps its users apart. */
export interface Folder {
  readonly environment: Environment
  readonly turnstile: Turnstile
}

/**
 * Makes the folder if there is none, and looks whether it can be used. Folder and files are for their owner alone (0700,
 * 0600); what is open to others is tightened where it is ours and refused where it is not.
 */
export function prepareFolder(folder: string): void {
  makeFolder(folder)
  const stat = lstatSync(folder)
  if (stat.isSymbolicLink()) throw unavailable(folder, 'is a symbolic link. Name the folder itself')
  if (!stat.isDirectory()) throw unavailable(folder, 'is not a folder. Name another')
  if ((stat.mode & STICKY) !== 0)
    throw unavailable(folder, 'is shared by everyone. Name a folder of its own')
  tighten(folder, stat, 0o700)
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
}

/** Opens a folder that {@link prepareFolder} has found fit. */
export function openFolder(folder: string): Folder {
  removeStaleDrafts(folder)
  const turnstile = openTurnstile(folder)
  try {
    return { environment: turnstile.pass(() => openData(folder)), turnstile }
  } catch (error) {
    turnstile.close()
    throw error
  }
}

export function closeFolder({ environment, turnstile }: Folder): void {
  closeEnvironment(environment)
  turnstile.close()
}

/** What tells one folder from another, whatever path leads to it; null where there is no data yet. */
export function folderIdentity(folder: string): string | null {
  const stat = lstatSync(join(folder, 'data.mdb'), { throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`
}

/** Durable, where its parents can be read, before the first session in it is acknowledged. */
function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    try {
      sync(dirname(made))
    } catch {
      // A parent that we may pass through but not read: the system writes its entries out in its own time.
    }
  }
}

function openTurnstile(folder: string): Turnstile {
  const file = join(folder, TURNSTILE)
  if (!isUsable(`${file}-lock`)) needRoom(folder)
  if (!isUsable(file)) createTurnstile(folder)
  checkTurnstile(file)
  return new Turnstile(file)
}

function checkTurnstile(file: string): void {
  try {
    checkDataFile(file)
  } catch (cause) {
    const advice = 'It holds no sessions: end all processes that use the folder, and delete it'
    throw new SessionError('ERR_SESSION_STORE_CORRUPT', `${file}: damaged. ${advice}`, { cause })
  }
}

/** In the turnstile: nobody else is making, opening or changing the file. */
function openData(folder: string): Environment {
  const file = join(folder, 'data.mdb')
  const locked = isUsable(join(folder, 'lock.mdb'))
  if (!locked) needRoom(folder)
  if (!isUsable(file)) {
    if (locked) throw corrupt(folder, 'data.mdb is missing')
    createDataFile(folder)
  }
  checkDataFile(file)
  const environment = openEnvironment(folder)
  if (environment === null) throw corrupt(folder, 'data.mdb holds other data than sessions')
  try {
    checkLayout(environment, folder)
    return environment
  } catch (error) {
    closeEnvironment(environment)
    throw error
  }
}

/** LMDB maps its lock file before it has room for it, and dies if there is none. */
function needRoom(folder: string): void {
  if (freeBytes(folder) < ROOM) throw unavailable(folder, 'the disk is full. Free some space')
}

/** Whether the file is there; throws where it is not a plain file that we may read and write. */
function isUsable(file: string): boolean {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return false
  if (!stat.isFile()) throw unavailable(file, 'is a link or not a file. Name another folder')
  tighten(file, stat, 0o600)
  accessSync(file, constants.R_OK | constants.W_OK)
  return true
}

function tighten(path: string, stat: Stats, mode: number): void {
  if ((stat.mode & OTHERS) === 0) return
  const user = process.getuid?.()
  if (user !== undefined && user !== 0 && user !== stat.uid)
    throw unavailable(
      path,
      'is open to others and belongs to another user. Take it over, or name another',
    )
  chmodSync(path, mode)
}
