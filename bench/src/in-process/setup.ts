import { readFileSync } from 'node:fs'
import { createSessions, type Sessions, type SessionsOptions } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import type { DatabaseAddress } from '../databases/model.js'
import { cookieHeader, signIn } from '../harness/visitors.js'
import type { Fixture, MeasureInput } from '../model.js'

type Data = Record<string, string>

/** A disk that stalls for a moment makes a figure worse, and must not end the run. */
export const PATIENCE = 10_000

/** A manager with the run's key, as an application makes it. */
export function manager(
  { key }: Pick<MeasureInput, 'key'>,
  store: SessionStore,
  options: Partial<SessionsOptions<Data>> = {},
): Sessions<Data> {
  return createSessions<Data>({ store, keys: [key], storeTimeout: PATIENCE, ...options })
}

/** Signs `count` visitors in and gives the tokens. */
export async function tokensOf(sessions: Sessions<Data>, count: number): Promise<string[]> {
  const tokens: string[] = []
  await signIn(sessions, count, (token, index) => {
    tokens[index] = token
  })
  return tokens
}

/** The tokens that were kept of a fixture. */
export function fixtureTokens(fixture: Fixture | null): string[] {
  return readFileSync(requireFixture(fixture).tokens, 'utf8').split('\n').filter(Boolean)
}

export function requireDatabase(database: DatabaseAddress | null): DatabaseAddress {
  if (database === null) throw new Error('this row needs a database')
  return database
}

export function requireFixture(fixture: Fixture | null): Fixture {
  if (fixture === null) throw new Error('this row needs stored sessions')
  return fixture
}

/**
 * Cookie headers in an order without pattern, as requests come in: neither the store nor the processor's caches are
 * helped by one that follows how the sessions were made.
 */
export function shuffledHeaders(tokens: readonly string[]): string[] {
  const order = tokens.map((_, index) => index)
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    const held = order[at] ?? 0
    order[at] = order[other] ?? 0
    order[other] = held
  }
  return order.map((index) => cookieHeader(tokens[index] ?? ''))
}
