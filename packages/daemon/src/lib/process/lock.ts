import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../settings.js'
import { inFolder, refused } from './run-folder.js'

/**
 * Makes this process the one daemon of its folders. Returns what gives them free again. Errors: `ERR_SESSION_CONFIG` where another
 * daemon has one of them.
 */
export function lockFolders({ state, run }: Settings): () => void {
  const unlockState = inFolder(state, 'daemon.state', () => {
    mkdirSync(state, { recursive: true, mode: 0o700 })
    return lock(state, 'daemon.state')
  })
  try {
    const unlockRun = inFolder(run, 'daemon.run', () => lock(run, 'daemon.run'))
    return () => {
      unlockRun()
      unlockState()
    }
  } catch (error) {
    unlockState()
    throw error
  }
}

/**
 * Makes this process the one daemon of a folder, by a file with its number. One that has ended without removing it is no hindrance.
 */
function lock(folder: string, key: string): () => void {
  const file = join(folder, 'daemon.pid')
  const own = `${process.pid} ${startOf(process.pid)}\n`
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, own, { mode: 0o600 })
  try {
    // A name that is there complete or not at all; it fails if there is one.
    while (!isLinked(draft, file)) removeDead(file, folder, key)
  } finally {
    rmSync(draft, { force: true })
  }
  return () => {
    if (read(file) === own) rmSync(file, { force: true })
  }
}

function isLinked(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function removeDead(file: string, folder: string, key: string): void {
  const text = read(file)
  if (text === null) return
  const [pid = '', start = ''] = text.trim().split(' ')
  if (start !== '' && startOf(Number(pid)) === start)
    throw refused(
      `another daemon, process ${pid}, uses ${folder}; stop it, or name another folder in ${key}`,
    )
  // Of several that start at once, one moves the old file away; what another has moved by mistake goes back.
  const away = `${file}.${process.pid}.old`
  try {
    renameSync(file, away)
  } catch {
    return
  }
  if (read(away) !== text) isLinked(away, file)
  rmSync(away, { force: true })
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** When a process began, in the kernel's ticks: a number that was given again is another process. Empty where there is none. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
