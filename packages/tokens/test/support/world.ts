import {
  createSessions,
  type SessionEvent,
  type SessionEventName,
  type Sessions,
  type SessionsOptions,
} from '@holdfast/core'
import { Session, type RequestFacts } from '@holdfast/core/engine'
import type { SessionRecord, SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import {
  createKeySet,
  createTokens,
  generateSigningKey,
  type KeySet,
  type TokenClientOptions,
  type Tokens,
  type TokenSet,
  type TokensOptions,
} from '@holdfast/tokens'

export const START: number = Date.UTC(2026, 0, 1)
export const SECOND = 1000
export const MINUTE = 60_000
export const HOUR = 3_600_000
const KEY = 'token-tests/newest/hB5ZpF2mX8qRwT7vYc'
export const ISSUER = 'https://id.example'
export const AUDIENCE = 'https://api.example'
export const SECRET = 'Zk3vQ8xW5nT1bR7yL0pD4sF6gH9jK2mC'

export const CLIENTS: readonly TokenClientOptions[] = [
  { id: 'spa', type: 'browser', scope: 'read write' },
  { id: 'app', type: 'native', scope: 'read write admin' },
  { id: 'bound', type: 'native', scope: 'read', dpop: 'required' },
  {
    id: 'server',
    type: 'confidential',
    scope: 'read',
    secrets: [SECRET, `old-${SECRET}`],
    introspection: true,
  },
  { id: 'other', type: 'confidential', secrets: [`other-${SECRET}`] },
]

/** Keys for a whole test file. */
const keys: KeySet = createKeySet([generateSigningKey()])

const NOTHING_KNOWN: RequestFacts = {
  token: null,
  rejection: null,
  address: null,
  userAgent: null,
  countsAsActivity: true,
  refusal: null,
}

export interface IssuerOptions {
  readonly sessions?: Partial<SessionsOptions>
  readonly tokens?: Partial<TokensOptions>
}

/** A manager and an issuer of tokens on a clock that stands still. */
export class World {
  now: number = START
  readonly store: SessionStore
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly events: SessionEvent[] = []

  constructor({ sessions = {}, tokens = {} }: IssuerOptions = {}) {
    this.store = sessions.store ?? memoryStore()
    this.sessions = createSessions({
      keys: [KEY],
      clock: () => this.now,
      sweepInterval: Infinity,
      ...sessions,
      store: this.store,
    })
    this.sessions.on('*', (event) => this.events.push(event))
    this.tokens = this.issuer(tokens)
  }

  /** One more issuer on the same sessions. */
  issuer(options: Partial<TokensOptions> = {}): Tokens {
    return createTokens(this.sessions, {
      issuer: ISSUER,
      audience: AUDIENCE,
      keys,
      clients: CLIENTS,
      ...options,
    })
  }

  /** The session of a visitor who has just signed in by cookie. */
  async cookieSession(subject = 'ada', facts: Partial<RequestFacts> = {}): Promise<Session> {
    const { session } = await this.visitor(subject, facts)
    return session
  }

  /** The same, with the token of the cookie. */
  async visitor(
    subject = 'ada',
    facts: Partial<RequestFacts> = {},
    name = '__Host-session',
  ): Promise<{ readonly session: Session; readonly cookie: string }> {
    const keysOfCookie = this.sessions.tokenKeys(name)
    const open = await this.sessions.open(keysOfCookie, { ...NOTHING_KNOWN, ...facts })
    const session = new Session(open)
    await session.authenticate(subject, { methods: ['pwd'] })
    const action = await open.commit()
    if (action.kind !== 'set') throw new Error('the sign-in set no cookie')
    return { session, cookie: action.token }
  }

  signIn(client = 'app', subject = 'ada'): Promise<TokenSet> {
    return this.tokens.signIn({ subject, client, methods: ['pwd', 'otp'] })
  }

  async record(id: string): Promise<SessionRecord> {
    const record = await this.store.find(id)
    if (record === null) throw new Error(`no record ${id}`)
    return record
  }

  named<Name extends SessionEventName>(name: Name): SessionEvent<Name>[] {
    return this.events.filter((event) => event.type === name) as unknown as SessionEvent<Name>[]
  }
}

export const INVALID = 'ERR_TOKEN_INVALID'
export { outcome } from './outcome.js'
