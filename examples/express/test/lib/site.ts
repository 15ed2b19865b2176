import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seconds, type Sessions } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import type { SessionData } from '@holdfast/express'
import { lmdbStore } from '@holdfast/lmdb'
import { createApp } from '../../src/app.js'
import { readCertificate } from '../../src/certificate.js'
import { openDataFolder, readKeys } from '../../src/data-folder.js'
import { createSiteSessions } from '../../src/sessions.js'
import type { Client } from './client.js'
import { startServer } from './server.js'

/** The site of this process, on a port and in a folder of its own. */
export interface Site {
  readonly origin: string
  readonly sessions: Sessions<SessionData>
  readonly store: WatchedStore
  /** Lets time pass. */
  advance(milliseconds: number): void
  client(): Client
  stop(): Promise<void>
}

/** A folder that is gone after `remove`. */
export function privateFolder(prefix: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(process.env['HOLDFAST_TEST_TMP'] ?? tmpdir(), prefix))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export async function startSite(): Promise<Site> {
  const folder = privateFolder('site-')
  const data = openDataFolder(join(folder.path, 'data'))
  const store = watched(lmdbStore(join(data, 'sessions')))
  let passed = 0
  const clock = (): number => Date.now() + passed
  // A machine that is busy with browsers is no store in trouble.
  const storeTimeout = seconds(20)
  const sessions = createSiteSessions({ store, keys: readKeys(data), clock, storeTimeout })
  const { origin, server, client, stop } = await startServer(await readCertificate(data))
  server.on('request', createApp(sessions))
  return {
    origin,
    sessions,
    store,
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

/** The real store, counting what is written, with a switch that makes it fail. */
export interface WatchedStore extends SessionStore {
  readonly writes: number
  broken: boolean
}

export function watched(store: SessionStore): WatchedStore {
  let writes = 0
  const check = (): void => {
    if (result.broken) throw new Error('the disk is gone')
  }
  const write = (): void => {
    check()
    writes++
  }
  const result: WatchedStore = {
    capabilities: store.capabilities,
    broken: false,
    get writes() {
      return writes
    },
    insert: (...args) => (write(), store.insert(...args)),
    update: (...args) => (write(), store.update(...args)),
    revoke: (...args) => (write(), store.revoke(...args)),
    find: (...args) => (check(), store.find(...args)),
    list: (...args) => (check(), store.list(...args)),
    sweep: (...args) => store.sweep(...args),
    epoch: (...args) => (check(), store.epoch(...args)),
    close: () => store.close(),
  }
  return result
}
