import {
  createSessions,
  type JsonValue,
  type SessionEvent,
  type Sessions,
  type SessionsOptions,
} from '@holdfast/core'
import {
  type CookieAction,
  type OpenSession,
  type RequestFacts,
  Session,
  type TokenKeys,
} from '@holdfast/core/engine'
import type { SessionRecord, SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'

export const KEY = 'core-tests/newest/hB5ZpF2mX8qRwT7vYc'
export const OLD_KEY = 'core-tests/older/Jd6NsE3kL9xQzU4tGbW'
export const AUDIENCE = '__Host-session'
export const START: number = Date.UTC(2026, 0, 1)
export const SECOND = 1000
export const MINUTE = 60_000
export const HOUR = 3_600_000

/** A request of which nothing is known. */
const NOTHING_KNOWN: Omit<RequestFacts, 'token'> = {
  rejection: null,
  address: null,
  userAgent: null,
  countsAsActivity: true,
  refusal: null,
}

/** A clock that stands still until `at` is set. */
export interface FakeClock {
  (): number
  at: number
}

export function fakeClock(at: number = START): FakeClock {
  const clock: FakeClock = Object.assign((): number => clock.at, { at })
  return clock
}

export type AnyData = Record<string, JsonValue>

/** What one request did. */
export interface Visited<T> {
  readonly value: T
  readonly open: OpenSession
  readonly action: CookieAction
}

/** Options of the manager; `quiet` to listen to no events. */
export type WorldOptions = Partial<SessionsOptions<AnyData>> & { readonly quiet?: boolean }

/** A manager on a clock that stands still, and everything to make requests with. */
export class World {
  readonly clock: FakeClock
  readonly store: SessionStore
  readonly sessions: Sessions<AnyData>
  readonly keys: TokenKeys
  readonly events: SessionEvent[] = []

  constructor({ quiet = false, ...options }: WorldOptions = {}, clock: FakeClock = fakeClock()) {
    this.clock = clock
    this.store = options.store ?? memoryStore()
    this.sessions = createSessions<AnyData>({
      keys: [KEY],
      clock,
      sweepInterval: Infinity,
      ...options,
      store: this.store,
    })
    this.keys = this.sessions.tokenKeys(AUDIENCE)
    if (!quiet) this.sessions.on('*', (event) => this.events.push(event))
  }

  /** Opens the session of a request; a store that throws at once rejects here like any other. */
  async open(token: string | null, facts: Partial<RequestFacts> = {}): Promise<OpenSession> {
    return await this.sessions.open(this.keys, { ...NOTHING_KNOWN, ...facts, token })
  }

  /** Who a token stands for: a subject, `anonymous`, or the reason why nobody. */
  async whose(token: string | null, facts: Partial<RequestFacts> = {}): Promise<string> {
    const { record, rejection } = await this.open(token, facts)
    return record === null ? (rejection ?? 'none') : (record.subject ?? 'anonymous')
  }

  /** A browser that has just signed in. */
  async signedIn(
    subject = 'alice',
    options: Parameters<Session['authenticate']>[1] = {},
  ): Promise<Browser> {
    const browser = new Browser(this)
    await browser.visit((session) => session.authenticate(subject, options))
    return browser
  }

  /** A browser that holds an anonymous session with this data. */
  async anonymous(data: AnyData = { seen: true }): Promise<Browser> {
    const browser = new Browser(this)
    await browser.visit((session) => {
      for (const [key, value] of Object.entries(data)) session.set(key, value)
    })
    return browser
  }

  async record(id: string): Promise<SessionRecord> {
    const record = await this.store.find(id)
    if (record === null) throw new Error(`no record ${id}`)
    return record
  }

  sessionOf(open: OpenSession): Session<AnyData> {
    return new Session<AnyData>(open)
  }

  /** The events of one name, oldest first. */
  named<Name extends SessionEvent['type']>(name: Name): SessionEvent<Name>[] {
    return this.events.filter((event) => event.type === name) as unknown as SessionEvent<Name>[]
  }
}

/** Keeps the cookie between requests, like a browser with one tab. */
export class Browser {
  readonly world: World
  jar: string | null = null

  constructor(world: World) {
    this.world = world
  }

  /** The token in the jar; fails the test if there is none. */
  get token(): string {
    if (this.jar === null) throw new Error('the browser holds no cookie')
    return this.jar
  }

  get id(): string {
    return this.token.slice(0, 22)
  }

  /** One request with the token in the jar: open, handle, commit, take the cookie. */
  async visit<T>(
    handle: (session: Session<AnyData>, open: OpenSession) => T,
    facts: Partial<RequestFacts> = {},
  ): Promise<Visited<Awaited<T>>> {
    const visited = await request(this.world, this.jar, handle, facts)
    this.take(visited.action)
    return visited
  }

  take(action: CookieAction): void {
    if (action.kind === 'set') this.jar = action.token
    else if (action.kind === 'expire') this.jar = null
  }
}

/** One request with a token of its own; keeps nothing. */
export async function request<T>(
  world: World,
  token: string | null,
  handle: (session: Session<AnyData>, open: OpenSession) => T,
  facts: Partial<RequestFacts> = {},
): Promise<Visited<Awaited<T>>> {
  const open = await world.open(token, facts)
  const value = await handle(world.sessionOf(open), open)
  const action = await open.commit()
  open.close()
  return { value, open, action }
}

/** The token that an action sets; fails the test if it sets none. */
export function tokenOf(action: CookieAction): string {
  if (action.kind !== 'set') throw new Error(`the response sets no cookie but says ${action.kind}`)
  return action.token
}

/** A value of the wrong type, as JavaScript could pass it. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- an assertion in all but name
export function wrong<T>(value: unknown): T {
  return value as T
}
