import { once } from 'node:events'
import type { Server } from 'node:https'
import { StartError } from './start-error.js'

/** For requests that are under way when the site is stopped. */
const GRACE = 5_000

/** The port that PORT names; 0 takes a free one. */
export function readPort(text: string | undefined, usual: number): number {
  if (text === undefined || text === '') return usual
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new StartError(`PORT must be a number from 0 to 65535; it is '${text.slice(0, 40)}'`)
}

/** Listens on this machine only, and gives the port. */
export async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    throw new StartError(portTrouble(port, error))
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

function portTrouble(port: number, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return `port ${port} is taken by another program; stop that, or set PORT to another`
  if (code === 'EACCES')
    return `this user may not listen on port ${port}; set PORT to one from 1024`
  return `cannot listen on port ${port} (${String(code ?? error)})`
}

interface Closable {
  close(): Promise<void>
}

/** The first signal lets requests finish, the second does not wait. What was acknowledged is on disk either way. */
export function stopOnSignal(server: Server, ...opened: readonly Closable[]): void {
  const stop = async (): Promise<void> => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
    setTimeout(() => server.closeAllConnections(), GRACE).unref()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
    for (const each of opened) await each.close()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop())
}
