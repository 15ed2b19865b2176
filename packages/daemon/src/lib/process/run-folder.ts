import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { SessionError } from '@holdfast/core'

const OTHERS_WRITE = 0o022

/** Makes a folder of sockets (0755), or looks whether others could put sockets of their own into the one that is there. */
export function prepareRunFolder(folder: string): void {
  const made = inFolder(folder, 'daemon.run', () => mkdirSync(folder, { recursive: true }))
  // Whatever the umask: who may open a socket is said by the socket.
  if (made !== undefined) chmodSync(folder, 0o755)
  if ((statSync(folder).mode & OTHERS_WRITE) !== 0)
    throw refused(
      `others may write to ${folder}, and could put sockets of their own there: chmod 755 ${folder}`,
    )
}

/** Does something with a folder; what the system refuses is said with the key that names the folder. */
export function inFolder<T>(folder: string, key: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof SessionError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw refused(
      `${folder} cannot be made or written to (${code}): make it and give it to this user, or name another folder in ${key}`,
    )
  }
}

/** Throws where a daemon answers on the socket, or something else is in its place; a socket that a dead one has left is no hindrance. */
export async function refuseTaken(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isSocket()) throw refused(`${path} is there and is no socket; move it away`)
  if (await answers(path))
    throw refused(
      `another daemon answers on ${path}; stop it, or name another folder in daemon.run`,
    )
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    // Not even "try again" is a dead one's answer.
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'EAGAIN'))
  })
}

export function refused(message: string): SessionError {
  return new SessionError('ERR_SESSION_CONFIG', message)
}
