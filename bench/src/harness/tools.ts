import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Path of wrk, installed first where this is root on Debian; null if it cannot be had. */
export async function findWrk(log: (line: string) => void): Promise<string | null> {
  const present = find('wrk')
  if (present !== null || process.getuid?.() !== 0 || find('apt-get') === null) return present
  log('installing wrk')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const lock = '-oDPkg::Lock::Timeout=120'
  try {
    await run('apt-get', ['update', lock], { env })
    await run('apt-get', ['install', '-y', '--no-install-recommends', lock, 'wrk'], { env })
  } catch {
    log('wrk could not be installed')
  }
  return find('wrk')
}

/** Whether a process can be kept on one core, and there is another for what measures it. */
export function canPin(): boolean {
  return cpus().length > 1 && find('taskset') !== null
}

/** The executable of this name, or at this absolute path. */
export function find(name: string): string | null {
  if (isAbsolute(name)) return isExecutable(name) ? name : null
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
