import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { createSessions, seconds, type Sessions } from '@holdfast/core'
import { openDataFolder, openStore, readCertificate, readKeys } from '@holdfast/example-express/kit'
import {
  type Client,
  privateFolder,
  startServer,
  watched,
  type WatchedStore,
} from '@holdfast/example-express/testing'
import { fileKeySet } from '@holdfast/tokens'
import { createApp, type PageSettings } from '../../src/app.js'
import { createAppTokens, LIFETIMES, SETTINGS } from '../../src/tokens.js'

/** The example in this process, on a port and in a folder of its own. */
export interface Site {
  readonly origin: string
  readonly sessions: Sessions
  readonly store: WatchedStore
  /** `method path status` of every request so far, the page's files left out. */
  readonly log: readonly string[]
  /** How many requests of the log begin with this text. */
  count(start: string): number
  /** Lets time pass for the server. */
  advance(milliseconds: number): void
  client(): Client
  stop(): Promise<void>
}

export async function startSite(settings: Partial<PageSettings> = {}): Promise<Site> {
  const folder = privateFolder('spa-')
  const data = openDataFolder(join(folder.path, 'data'))
  const opened = await openStore(undefined, join(data, 'sessions'))
  const store = watched(opened.store)
  let passed = 0
  const clock = (): number => Date.now() + passed
  const { idleTimeout } = LIFETIMES
  // A machine that is busy with browsers is no store in trouble.
  const patience = { storeTimeout: seconds(20) }
  const sessions = createSessions({ store, keys: readKeys(data), clock, idleTimeout, ...patience })
  const { origin, server, client, stop } = await startServer(await readCertificate(data))
  const page = { ...SETTINGS, ...settings }
  const keys = fileKeySet(join(data, 'signing-keys'), { now: clock })
  const tokens = createAppTokens(sessions, origin, keys, page)
  const log: string[] = []
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    // The server's clock is one, that of its answers included.
    res.setHeader('Date', new Date(clock()).toUTCString())
    const { method, url = '' } = req
    if (/^\/(auth|api)\b/.test(url))
      res.on('finish', () => log.push(`${method} ${url} ${res.statusCode}`))
  })
  server.on('request', createApp({ origin, sessions, tokens, keys, settings: page, clock }))
  return {
    origin,
    sessions,
    store,
    log,
    count: (start) => log.filter((line) => line.startsWith(start)).length,
    advance: (milliseconds) => {
      passed += milliseconds
    },
    client,
    stop: async () => {
      await stop()
      await sessions.close()
      folder.remove()
    },
  }
}
