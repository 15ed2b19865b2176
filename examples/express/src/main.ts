// What `npm start` runs: the site on https://localhost:8443, with everything that it keeps in one folder.
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { join } from 'node:path'
import { SessionError, type Sessions } from '@holdfast/core'
import type { SessionData } from '@holdfast/express'
import { createApp } from './app.js'
import { readCertificate } from './certificate.js'
import { openDataFolder, readKeys } from './data-folder.js'
import { createSiteSessions } from './sessions.js'
import { StartError } from './start-error.js'
import { openStore, type SiteStore } from './store.js'

/** For requests that are under way when the site is stopped. */
const GRACE = 5_000

try {
  const port = readPort(process.env['PORT'])
  const folder = openDataFolder(process.env['HOLDFAST_DATA'])
  const keys = readKeys(folder)
  const certificate = await readCertificate(folder)
  const opened = await openStore(process.env['HOLDFAST_STORE'], join(folder, 'sessions'))
  const sessions = createSiteSessions({ store: opened.store, keys })
  sessions.on('store_failed', ({ operation, code }) =>
    console.error(`store: ${operation}: ${code}`),
  )
  const server = createServer(certificate, createApp(sessions))
  stopOnSignal(server, sessions, opened)
  console.log(welcome(await listen(server, port)))
} catch (error) {
  if (!(error instanceof StartError || error instanceof SessionError)) throw error
  console.error(`The site cannot start: ${error.message}`)
  // Not process.exitCode: the store keeps the process alive.
  process.exit(1)
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 8443
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new StartError(`PORT must be a number from 0 to 65535; it is '${text.slice(0, 40)}'`)
}

/** Listens on this machine only, and gives the port. */
async function listen(server: Server, port: number): Promise<number> {
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
    return `port ${port} is taken by another program; stop that, or choose another port: PORT=8444 npm start`
  if (code === 'EACCES')
    return `this user may not listen on port ${port}; choose one from 1024: PORT=8443 npm start`
  return `cannot listen on port ${port} (${String(code ?? error)})`
}

/** The first signal lets requests finish, the second does not wait. What was acknowledged is on disk either way. */
function stopOnSignal(server: Server, sessions: Sessions<SessionData>, opened: SiteStore): void {
  const stop = async (): Promise<void> => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
    setTimeout(() => server.closeAllConnections(), GRACE).unref()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
    await sessions.close()
    await opened.close()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop())
}

function welcome(port: number): string {
  const site = `https://localhost:${port}`
  return `ready: ${site}

  Accounts   demo1 and demo2, password holdfast-demo
  Your browser warns of the certificate, which this site made for itself: go on.

  To try     Sign in with two browsers (a private window counts as one), and end one from
             the other under "Your devices": it is out on its next click.
             Change the cart in many tabs at once: nothing is lost.
             Stop the site with kill -9, start it again: you are still signed in.
  With curl  curl -k -c jar -H 'Origin: ${site}' --json '{"username":"demo1","password":"holdfast-demo"}' ${site}/login
             curl -k -b jar ${site}/me
`
}
