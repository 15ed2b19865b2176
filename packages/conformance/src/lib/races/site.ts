import { randomBytes } from 'node:crypto'
import {
  createSessions,
  SessionError,
  type SessionErrorCode,
  type Sessions,
  type SessionsOptions,
} from '@holdfast/core'
import {
  type CookieAction,
  NoRequest,
  type OpenSession,
  Session,
  type TokenKeys,
} from '@holdfast/core/engine'
import type { SessionStore } from '@holdfast/core/store'
import { START } from '../records.js'

/** One key for all: several processes of one application. */
const KEYS = [randomBytes(32)]

/** A clock that a race sets. */
export interface Hands {
  now: number
}

/** What became of a request. */
export interface Reply {
  readonly open: OpenSession
  readonly action: CookieAction | null
  /** The token that the client holds afterwards: the new one, or the one it came with. */
  readonly token: string | null
  readonly error: SessionErrorCode | null
}

type Handler = (session: Session, open: OpenSession) => unknown

/** One process of an application: a manager over the store, and requests to it. */
export class Site {
  readonly sessions: Sessions
  /** How many events `token_reuse` there were. */
  reuses = 0
  readonly #keys: TokenKeys

  constructor(store: SessionStore, hands: Hands, options: Partial<SessionsOptions> = {}) {
    this.sessions = createSessions({
      store,
      keys: KEYS,
      clock: () => hands.now,
      sweepInterval: Infinity,
      // Calls wait for the scheduler, and a slow machine is no failure of the store.
      storeTimeout: 120_000,
      ...options,
    })
    this.#keys = this.sessions.tokenKeys('__Host-session')
    this.sessions.on('token_reuse', () => {
      this.reuses += 1
    })
  }

  async open(token: string | null): Promise<OpenSession> {
    return await this.sessions.open(this.#keys, new NoRequest(token))
  }

  /** One request from its token to its cookie. A failure with one of our codes is part of the reply. */
  async request(token: string | null, handler: Handler = () => undefined): Promise<Reply> {
    let open: OpenSession | null = null
    try {
      open = await this.open(token)
      await handler(new Session(open), open)
      const action = await open.commit()
      const kept = action.kind === 'expire' ? null : token
      return { open, action, token: action.kind === 'set' ? action.token : kept, error: null }
    } catch (error) {
      if (!(error instanceof SessionError)) throw error
      if (open === null) throw error
      return { open, action: null, token, error: error.code }
    }
  }

  /** Signs in and gives the token. */
  async signIn(subject: string, handler: Handler = () => undefined): Promise<Reply> {
    const reply = await this.request(null, async (session, open) => {
      await handler(session, open)
      await session.authenticate(subject)
    })
    if (reply.error !== null) throw new Error(`the sign-in failed: ${reply.error}`)
    return reply
  }

  async isActive(token: string): Promise<boolean> {
    return (await this.open(token)).record !== null
  }

  close(): Promise<void> {
    return this.sessions.close()
  }
}

/** The id at the front of a token. */
export function sessionIdOf(token: string): string {
  return token.slice(0, 22)
}

/** A clock that stands at {@link START}. */
export function handsAt(now: number = START): Hands {
  return { now }
}
