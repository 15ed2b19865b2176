import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartError } from './start-error.js'

const DEFAULT_FOLDER = fileURLToPath(new URL('../../../../data', import.meta.url))

/** The folder that holds everything this site keeps, made if there is none: for this account's eyes only. */
export function openDataFolder(name: string | undefined): string {
  const folder = name === undefined || name === '' ? DEFAULT_FOLDER : resolve(name)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const probe = join(folder, `.probe-${process.pid}`)
    writeFileSync(probe, '', { mode: 0o600 })
    rmSync(probe)
  } catch (error) {
    throw new StartError(
      `cannot write to the data folder ${folder} (${codeOf(error)}); set HOLDFAST_DATA to a folder that this user may write to`,
    )
  }
  return folder
}

/** The session keys, newest first, one to a line. To renew: put a new line at the top, and take the old one out a day later. */
export function readKeys(folder: string): readonly string[] {
  const path = join(folder, 'session.keys')
  const text = readOrMake(path, () => `${randomBytes(32).toString('base64url')}\n`)
  return text.split('\n').filter((line) => line !== '')
}

/** The secret text in a file, which is made if there is none. Of two processes that start at once, one makes it. */
function readOrMake(path: string, make: () => string): string {
  const text = readSecret(path)
  if (text !== null) return text
  createSecret(path, make())
  return readOrMake(path, make)
}

/** The text of a file; null if there is none. */
export function readSecret(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new StartError(`cannot read ${path} (${codeOf(error)})`)
  }
}

/** Makes a file with mode 0600, whole or not at all. A file that is there stays as it is. */
export function createSecret(path: string, text: string): void {
  const draft = `${path}.${process.pid}`
  try {
    rmSync(draft, { force: true })
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true })
    linkSync(draft, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw new StartError(`cannot write ${path} (${codeOf(error)})`)
  } finally {
    rmSync(draft, { force: true })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
