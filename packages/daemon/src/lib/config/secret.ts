import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** What a `*_file` key gave: the secret, or why there is none. */
export type Secret =
  | { readonly text: string; readonly file: string; readonly warning: string | null }
  | { readonly wrong: string }

const LONGEST = 65_536
const OTHERS = 0o007

/**
 * Reads the file that a `*_file` key names. A name without a slash is a systemd credential; a path that does not begin at the root
 * begins at the configuration's folder.
 */
export function readSecret(name: string, config: string, credentials: string | undefined): Secret {
  const file = locate(name, config, credentials)
  if (file === null) {
    return {
      wrong:
        'a name without a slash is a systemd credential, and $CREDENTIALS_DIRECTORY is not set; write a path, or add LoadCredential= to the unit',
    }
  }
  try {
    const { mode, size } = statSync(file)
    if (size > LONGEST) return { wrong: `the file is longer than ${LONGEST} bytes` }
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    if (text.trim() === '') return { wrong: 'the file is empty' }
    const open = (mode & OTHERS) !== 0
    return { text, file, warning: open ? `other users may open ${file}: chmod o= ${file}` : null }
  } catch (error) {
    return { wrong: `the file cannot be read: ${reasonOf(error)}` }
  }
}

function locate(name: string, config: string, credentials: string | undefined): string | null {
  if (name.includes('/')) return resolve(dirname(config), name)
  return credentials === undefined || name === '..' ? null : join(credentials, name)
}

/** The words of the system for a failure, without the path that the reader has just seen. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const words = new Map([
    ['ENOENT', 'there is no such file'],
    ['EACCES', 'this user may not'],
    ['EISDIR', 'it is a folder'],
    ['ENOTDIR', 'a part of its path is no folder'],
  ])
  return words.get(code) ?? (code === '' ? 'for an unknown reason' : code)
}
