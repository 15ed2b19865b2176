import assert from 'node:assert/strict'
import type { Session, SessionsOptions } from '@holdfast/core'
import type { SessionRecord, SessionStore } from '@holdfast/core/store'
import {
  createKeySet,
  createTokens,
  generateSigningKey,
  TokenError,
  type Tokens,
  type TokenSet,
} from '@holdfast/tokens'
import { HOUR } from '../records.js'
import { type Hands, Site } from '../races/site.js'

/** One key for all: several processes of one issuer. */
const keys = createKeySet([generateSigningKey()])

/** The client of most cases. */
export const CLIENT = 'app'

/** Another, whose grants end before their session. */
export const BRIEF = 'brief'

/** One process of an application with an issuer of tokens. */
export class TokenSite extends Site {
  readonly tokens: Tokens
  /** How many refresh tokens were made. */
  made = 0

  constructor(store: SessionStore, hands: Hands, options: Partial<SessionsOptions> = {}) {
    super(store, hands, options)
    this.tokens = createTokens(this.sessions, {
      issuer: 'https://id.example',
      audience: 'https://api.example',
      keys,
      clients: [
        { id: CLIENT, type: 'native', scope: 'read write' },
        { id: BRIEF, type: 'native', lifetime: 2 * HOUR },
      ],
    })
    this.sessions.on('token_refreshed', ({ again }) => {
      if (!again) this.made += 1
    })
  }

  /** Signs a subject in on a session that has a cookie, and gives the client tokens on it. */
  async issue(subject: string): Promise<{ readonly cookie: string; readonly given: TokenSet }> {
    const issued: TokenSet[] = []
    const { token } = await this.request(null, async (session) => {
      await session.authenticate(subject)
      issued.push(await this.tokens.issue(session, { client: CLIENT }))
    })
    const [given] = issued
    if (given === undefined || token === null) return assert.fail('the sign-in failed')
    return { cookie: token, given }
  }

  refresh(token: string): Promise<TokenSet> {
    return this.tokens.refresh(token, { client: CLIENT })
  }

  /** Does something with the session of a cookie; nothing where there is none (any more). */
  async with(cookie: string, work: (session: Session) => unknown): Promise<void> {
    const found = await this.sessions.resolve(cookie)
    if (found.status === 'active') await work(found.session)
  }
}

/** The code that a call fails with, and the reason where it is a token's; `ok` if it does not. */
export async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'ok'
  } catch (error) {
    if (error instanceof TokenError) return `${error.code} ${error.reason}`
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}

/** How long a process may believe what it remembers, where no notice comes (promise P5). */
const LONGEST_BELIEF = 5000

/** The same for a check after an ending: `ok` only where the notice of it has not come within the time that it may take. */
export async function settledOutcomeOf(call: () => unknown): Promise<string> {
  const latest = performance.now() + LONGEST_BELIEF
  for (;;) {
    const outcome = await outcomeOf(call)
    if (outcome !== 'ok' || performance.now() > latest) return outcome
    await new Promise((resolve) => {
      setTimeout(resolve, 1)
    })
  }
}

/** The record of a session, which must be there. */
export async function recordOf(store: SessionStore, id: string): Promise<SessionRecord> {
  const record = await store.find(id)
  return record ?? assert.fail(`no record of session ${id}`)
}
