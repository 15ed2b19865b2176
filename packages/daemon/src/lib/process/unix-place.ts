import { chmodSync, chownSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SocketSettings } from '../settings.js'
import { prepareRunFolder, refused, refuseTaken } from './run-folder.js'

/** The place of a unix socket in the file system. */
export interface UnixPlace {
  /** Calls `bind` with the path to bind; what is made there is closed to others until it is published. */
  bind<T>(bind: (path: string) => T): T
  /** Gives the socket the permissions that it is to have, and puts it where clients look for it. Errors: `ERR_SESSION_CONFIG`. */
  publish(settings: SocketSettings): void
  /** Takes it away from there. Who has connected stays connected. */
  remove(): void
}

/** Nobody but us. */
const CLOSED = 0o177

/**
 * A socket is made beside its place and moved there when somebody listens: nobody meets it half done, and that of a dead daemon is
 * replaced at once. Errors: `ERR_SESSION_CONFIG` where another daemon answers there, or others could put their own there.
 */
export async function unixPlace(path: string): Promise<UnixPlace> {
  prepareRunFolder(dirname(path))
  await refuseTaken(path)
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  let current = draft
  return {
    bind: (bind) => {
      const umask = process.umask(CLOSED)
      try {
        return bind(draft)
      } finally {
        process.umask(umask)
      }
    },
    publish: (settings) => {
      allow(current, settings)
      renameSync(current, path)
      current = path
    },
    remove: () => rmSync(current, { force: true }),
  }
}

function allow(path: string, { mode, gid }: SocketSettings): void {
  try {
    // The group first: as long as it is another, it may not open the socket.
    if (gid !== null) chownSync(path, -1, gid)
    chmodSync(path, mode)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'ENOENT')
      throw refused(
        `${path} was taken away from there, and nobody can reach it: restart the daemon`,
      )
    throw refused(
      `${path} cannot be given ${gid === null ? 'its mode' : `to group ${gid}`} (${code}); run as root or as a member of the group, or name another group`,
    )
  }
}
