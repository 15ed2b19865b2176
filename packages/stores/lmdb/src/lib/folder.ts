import { accessSync, chmodSync, constants, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createDataFile, removeStaleDrafts, syncFolder } from './create.js'
import { closeEnvironment, openEnvironment, type Environment } from './environment.js'
import { corrupt, freeBytes, ROOM, storeFailure, unavailable } from './failures.js'
import { checkDataFile } from './header.js'
import { checkLayout } from './layout.js'

const OTHERS = 0o077
const STICKY = 0o1000
const ATTEMPTS = 20
const PAUSE = 5

/**
 * Opens the folder, making it if there is none. Folder and files are for their owner alone (0700, 0600); what is open to
 * others is tightened where it is ours and refused where it is not.
 */
export function openFolder(path: string): Environment {
  const folder = resolve(path)
  try {
    makeFolder(folder)
    prepare(folder)
    const environment = openEnvironment(folder)
    if (environment === null) throw corrupt(folder, 'data.mdb holds other data than sessions')
    return checked(environment, folder)
  } catch (error) {
    throw storeFailure(error, folder)
  }
}

/** Durable, where its parents can be read, before the first session in it is acknowledged. */
function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    try {
      syncFolder(dirname(made))
    } catch {
      // A parent that we may pass through but not read: the system writes its entries out in its own time.
    }
  }
}

/** What tells one folder from another, whatever path leads to it. */
export function folderIdentity(path: string): string {
  const { dev, ino } = lstatSync(join(resolve(path), 'data.mdb'))
  return `${dev}:${ino}`
}

function checked(environment: Environment, folder: string): Environment {
  try {
    checkLayout(environment, folder)
    return environment
  } catch (error) {
    closeEnvironment(environment)
    throw error
  }
}

function prepare(folder: string): void {
  const stat = lstatSync(folder)
  if (stat.isSymbolicLink()) throw unavailable(folder, 'is a symbolic link. Name the folder itself')
  if (!stat.isDirectory()) throw unavailable(folder, 'is not a folder. Name another')
  if ((stat.mode & STICKY) !== 0)
    throw unavailable(folder, 'is shared by everyone. Name a folder of its own')
  tighten(folder, stat, 0o700)
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  removeStaleDrafts(folder)
  const [data, lock] = [join(folder, 'data.mdb'), join(folder, 'lock.mdb')]
  // In this order: another process may be making both, the data file first.
  const locked = isUsable(lock)
  // LMDB maps the lock file before it has room for it, and dies if there is none.
  if (!locked && freeBytes(folder) < ROOM)
    throw unavailable(folder, 'the disk is full. Free some space')
  if (!isUsable(data)) {
    if (locked) throw corrupt(folder, 'data.mdb is missing')
    createDataFile(folder)
  }
  check(data)
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

/** A commit of another process may be under way while the file is read: damage is what is still there when it is over. */
function check(file: string): void {
  let before = ''
  for (let attempt = 1; ; attempt++) {
    try {
      checkDataFile(file)
      return
    } catch (error) {
      const { mtimeNs, size } = lstatSync(file, { bigint: true })
      const now = `${mtimeNs} ${size}`
      if (now === before || attempt === ATTEMPTS) throw error
      before = now
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE)
    }
  }
}
