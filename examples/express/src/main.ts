// What `npm start` runs: the site on https://localhost:8443, with everything that it keeps in one folder.
import { createServer } from 'node:https'
import { join } from 'node:path'
import { SessionError } from '@holdfast/core'
import { createApp } from './app.js'
import { readCertificate } from './certificate.js'
import { openDataFolder, readKeys } from './data-folder.js'
import { listen, readPort, stopOnSignal } from './serve.js'
import { createSiteSessions } from './sessions.js'
import { StartError } from './start-error.js'
import { openStore } from './store.js'

try {
  const port = readPort(process.env['PORT'], 8443)
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
