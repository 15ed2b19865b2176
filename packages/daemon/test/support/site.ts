import { once } from 'node:events'
import { after } from 'node:test'
import {
  createSessions,
  type SessionEvent,
  type Sessions,
  type SessionsOptions,
} from '@holdfast/core'
import { type RequestFacts, Session } from '@holdfast/core/engine'
import { createAssertionKeys, createCheckDoor, type DaemonParts, type Door } from '@holdfast/daemon'
import { memoryStore } from '@holdfast/memory'
import { type Assertion, createAssertionCheck } from '@holdfast/protocol'
import { freshPath } from './folders.js'
import { settings, type SettingsOptions } from './settings.js'
import { COOKIE, linesOf, type Question } from './asking.js'
import { nobodyWatches } from './watching.js'
import { headerOf, headText, Wire, type WireAnswer } from './wire.js'

const START: number = Date.UTC(2026, 0, 1)
export const SECOND = 1000
export const MINUTE = 60_000
export const HOUR = 3_600_000
const KEY = 'daemon-tests/newest/hB5ZpF2mX8qRwT7vYc'

const NOTHING_KNOWN: RequestFacts = {
  token: null,
  rejection: null,
  address: null,
  userAgent: null,
  countsAsActivity: true,
  refusal: null,
}

export interface SiteOptions extends SettingsOptions {
  readonly sessions?: Partial<SessionsOptions>
  /** Is called before an assertion is made. */
  readonly signs?: () => void
}

const sites = new Set<Site>()
/** Whatever a failed test has left open would keep its file from ending. */
after(() => Promise.all([...sites].map((site) => site.close())))

/** A check door on a unix socket, on a clock that stands still. */
export class Site {
  now: number = START
  readonly sessions: Sessions
  readonly parts: DaemonParts
  readonly door: Door
  readonly path: string = freshPath()
  readonly events: SessionEvent[] = []
  readonly logged: string[] = []

  private constructor({ sessions = {}, signs = () => undefined, ...rest }: SiteOptions) {
    this.sessions = createSessions({
      store: memoryStore(),
      keys: [KEY],
      clock: () => this.now,
      sweepInterval: Infinity,
      ...sessions,
    })
    this.sessions.on('*', (event) => this.events.push(event))
    const keys = createAssertionKeys(this.sessions)
    this.parts = {
      ...nobodyWatches(),
      settings: settings(rest),
      sessions: this.sessions,
      isReady: () => true,
      assertionKeys: (app) => {
        signs()
        return keys(app)
      },
      log: (text) => this.logged.push(text),
    }
    this.door = createCheckDoor(this.parts)
    sites.add(this)
  }

  static async open(options: SiteOptions = {}): Promise<Site> {
    const site = new Site(options)
    site.door.server.listen(site.path)
    await once(site.door.server, 'listening')
    return site
  }

  wire(): Wire {
    return new Wire(this.path)
  }

  /** The token of a visitor who has just signed in. */
  async signIn(subject = 'ada', methods: readonly string[] = ['pwd']): Promise<string> {
    const open = await this.sessions.open(this.sessions.tokenKeys(COOKIE), NOTHING_KNOWN)
    await new Session(open).authenticate(subject, { methods })
    const action = await open.commit()
    if (action.kind !== 'set') throw new Error('the sign-in set no cookie')
    return action.token
  }

  /** The token of a visitor who has a session and is not signed in. */
  async cart(): Promise<string> {
    const open = await this.sessions.open(this.sessions.tokenKeys(COOKIE), NOTHING_KNOWN)
    new Session(open).set('cart', ['a'])
    const action = await open.commit()
    if (action.kind !== 'set') throw new Error('the write set no cookie')
    return action.token
  }

  /** Asks as a web server does, on a connection of its own. */
  async ask({ path = '/v1/check', ...question }: Question = {}): Promise<WireAnswer> {
    const wire = this.wire()
    wire.send(headText(path, linesOf(question)))
    const answer = await wire.answer()
    await wire.close()
    if (answer === null) throw new Error('the connection ended without an answer')
    return answer
  }

  /** What the answer says of the visitor, to an application that checks it. */
  assertion(
    answer: WireAnswer,
    app = 'shop',
    now: () => number = () => this.now,
  ): Assertion | null {
    const check = createAssertionCheck(app, this.parts.assertionKeys(app), now)
    return check(headerOf(answer, 'x-session-assertion'))
  }

  /** How many clients the door has. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.door.server.getConnections((error, count) =>
        error === null ? resolve(count) : reject(error),
      )
    })
  }

  async close(): Promise<void> {
    sites.delete(this)
    await this.door.drain(0)
    await this.sessions.close()
  }
}
