import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import {
  createSessions,
  type SessionEvent,
  type Sessions,
  type SessionsOptions,
} from '@holdfast/core'
import type { TransportOptions } from '@holdfast/http/transport'
import { CaseApp } from './app.js'
import { Client, SECURE } from './client.js'
import { SpyStore } from './spy-store.js'
import type { AdapterServer, AdapterSuiteOptions } from './suite.js'

/** The key of every site, so that a token of one site has a right tag on another. */
const KEY = randomBytes(32)

/** A machine that is busy is no store in trouble: cases of such trouble say how long they wait. */
const PATIENT = 20_000

export interface SiteSettings {
  readonly sessions?: Partial<SessionsOptions>
  readonly transport?: TransportOptions
}

/** A clock that stands still until it is moved. */
export class CaseClock {
  #now = Date.now()

  readonly now = (): number => this.#now

  advance(milliseconds: number): void {
    this.#now += milliseconds
  }
}

/** The standard application, running on the adapter, with everything that a case looks at. */
export class Site {
  readonly app: CaseApp
  readonly store: SpyStore
  readonly sessions: Sessions
  readonly clock: CaseClock
  readonly events: SessionEvent[] = []
  readonly #server: AdapterServer
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 250 })

  constructor(
    parts: Pick<Site, 'app' | 'store' | 'sessions' | 'clock'> & { readonly server: AdapterServer },
  ) {
    this.app = parts.app
    this.store = parts.store
    this.sessions = parts.sessions
    this.clock = parts.clock
    this.#server = parts.server
    this.sessions.on('*', (event) => this.events.push(event))
  }

  get port(): number {
    return this.#server.port
  }

  client(secure: Readonly<Record<string, string>> = SECURE): Client {
    return new Client(this.port, this.#agent, secure)
  }

  /** A client that has signed in. */
  async signedIn(subject = 'ann'): Promise<Client> {
    const client = this.client()
    const answer = await client.do([`login ${subject}`])
    assert.equal(answer.status, 200, answer.body)
    return client
  }

  /** The reasons of the rejections since the last call. */
  takeRejections(): readonly string[] {
    return this.events
      .splice(0)
      .flatMap((event) => (event.type === 'session_rejected' ? [event.reason] : []))
  }

  async close(): Promise<void> {
    this.app.gates.openAll()
    this.#agent.destroy()
    await this.#server.close()
    await this.sessions.close()
  }
}

/** Starts a site, runs `body` on it, and stops it. */
export async function withSite(
  suite: AdapterSuiteOptions,
  settings: SiteSettings,
  body: (site: Site) => Promise<void>,
): Promise<void> {
  const site = await startSite(suite, settings)
  try {
    await body(site)
  } finally {
    await site.close()
  }
}

async function startSite(suite: AdapterSuiteOptions, settings: SiteSettings): Promise<Site> {
  const store = new SpyStore(await suite.store(), suite.closeStore === false)
  const clock = new CaseClock()
  const sessions = createSessions({
    store,
    keys: [KEY],
    clock: clock.now,
    sweepInterval: Infinity,
    storeTimeout: PATIENT,
    ...settings.sessions,
  })
  const app = new CaseApp()
  const options = settings.transport ?? { trustProxy: ['loopback'] }
  const server = await suite.start({ sessions, options, app })
  return new Site({ app, store, sessions, clock, server })
}
