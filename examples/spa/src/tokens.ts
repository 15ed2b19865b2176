import { minutes, seconds, type Sessions } from '@holdfast/core'
import { createTokens, type KeySet, type Tokens } from '@holdfast/tokens'
import type { PageSettings } from './app.js'

/** Short, so that whoever tries the example sees renewals, and is asked whether they are still there. */
export const LIFETIMES: { readonly accessTokenLifetime: number; readonly idleTimeout: number } = {
  accessTokenLifetime: minutes(1),
  idleTimeout: minutes(5),
}

export const SETTINGS: PageSettings = {
  clientId: 'spa',
  scope: 'notes',
  dpop: true,
  idleWarning: seconds(60),
}

/** The issuer of this application's tokens: one client, its own page. */
export function createAppTokens(
  sessions: Sessions,
  origin: string,
  keys: KeySet,
  { dpop }: Pick<PageSettings, 'dpop'>,
): Tokens {
  return createTokens(sessions, {
    issuer: origin,
    audience: `${origin}/api`,
    keys,
    clients: [{ id: 'spa', type: 'browser', scope: 'notes', dpop: dpop ? 'required' : 'allowed' }],
    accessTokenLifetime: LIFETIMES.accessTokenLifetime,
  })
}
