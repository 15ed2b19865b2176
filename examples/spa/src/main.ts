// What `npm run start:spa` runs: the page and its API on https://localhost:8444.
import { createServer } from 'node:https'
import { join } from 'node:path'
import { createSessions, SessionError } from '@holdfast/core'
import {
  deviceLabel,
  listen,
  openDataFolder,
  openStore,
  readCertificate,
  readKeys,
  readPort,
  StartError,
  stopOnSignal,
} from '@holdfast/example-express/kit'
import { fileKeySet } from '@holdfast/tokens'
import { createApp } from './app.js'
import { createAppTokens, LIFETIMES, SETTINGS } from './tokens.js'

try {
  const port = readPort(process.env['PORT'], 8444)
  const folder = openDataFolder(process.env['HOLDFAST_DATA'])
  const keys = readKeys(folder)
  const certificate = await readCertificate(folder)
  const opened = await openStore(process.env['HOLDFAST_STORE'], join(folder, 'spa-sessions'))
  const { store } = opened
  const sessions = createSessions({
    store,
    keys,
    production: store.capabilities.durable,
    idleTimeout: LIFETIMES.idleTimeout,
    client: { label: deviceLabel },
  })
  sessions.on('store_failed', ({ operation, code }) =>
    console.error(`store: ${operation}: ${code}`),
  )
  const server = createServer(certificate)
  stopOnSignal(server, sessions, opened)
  // Tokens name their issuer, port included: it must be known first.
  const origin = `https://localhost:${await listen(server, port)}`
  const signing = fileKeySet(join(folder, 'signing-keys'))
  const tokens = createAppTokens(sessions, origin, signing, SETTINGS)
  server.on('request', createApp({ origin, sessions, tokens, keys: signing, settings: SETTINGS }))
  console.log(welcome(origin))
} catch (error) {
  if (!(error instanceof StartError || error instanceof SessionError)) throw error
  console.error(`The example cannot start: ${error.message}`)
  // Not process.exitCode: the store keeps the process alive.
  process.exit(1)
}

function welcome(origin: string): string {
  return `ready: ${origin}

  Accounts   demo1 and demo2, password holdfast-demo
  Your browser warns of the certificate, which this example made for itself: go on.

  To try     Open the page in many tabs: one of them renews for all.
             Sign out in one: the others follow.
             Cut the network, wait a minute, bring it back: you are still signed in.
             Leave it alone for four minutes: it asks whether you are still there.
`
}
