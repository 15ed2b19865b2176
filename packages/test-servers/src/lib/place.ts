import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set<string>()
process.once('exit', () => {
  for (const folder of folders) removeAtLast(folder)
})

/** One in which a server still writes, or that is a disk, must not keep the others from going. */
function removeAtLast(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    // It stays.
  }
}

/**
 * A new folder, gone with this process at the latest. With `reachable`, another user than root can get to it. Names are short: the path
 * of a socket in it may have 107 bytes.
 */
export function newFolder(name: string, reachable = false): string {
  const base =
    reachable && process.getuid?.() === 0 ? '/tmp' : (process.env['HOLDFAST_TEST_TMP'] ?? tmpdir())
  const folder = mkdtempSync(join(base, `hf-${name}-`))
  folders.add(folder)
  return folder
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

const given = new Set<number>()

/**
 * A port that is free, with the one 10,000 above, which a node of a Cluster listens to likewise. Both are below those that the
 * system gives to outgoing connections (from 32,768 on): one of them would take it before the server starts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000)
    if (given.has(port) || !(await isFree(port)) || !(await isFree(port + 10_000))) continue
    given.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
