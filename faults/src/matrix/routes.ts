import type { JsonValue, Session, Sessions } from '@holdfast/core'
import type { OperationName } from './operations.js'

export type Data = Record<string, JsonValue>

/** What a route has to do with. */
export interface Visit {
  readonly session: Session<Data>
  readonly sessions: Sessions<Data>
  readonly query: URLSearchParams
}

type Route = (visit: Visit) => JsonValue | void | Promise<JsonValue | void>

export const KEEPSAKE = 'keepsake'
const NOTICE = 'notice'

/** What each operation does with its session; the answer tells its result and whose session it was. */
export const ROUTES: Readonly<Record<OperationName | 'prepare', Route>> = {
  anonymous: () => undefined,
  read: ({ session }) => ({
    text: session.get('text') ?? null,
    count: session.get('count') ?? null,
  }),
  get: async ({ session, sessions, query }) => {
    const info = await sessions.get(query.get('id') ?? session.id ?? '')
    return info === null ? null : { id: info.id, subject: info.subject, reason: info.reason }
  },
  list: async ({ session, sessions }) => {
    const ids: string[] = []
    for await (const { id } of sessions.list(session.subject ?? 'nobody')) ids.push(id)
    return ids
  },
  set: ({ session, query }) => session.set('text', query.get('text') ?? ''),
  update: async ({ session }) =>
    (await session.update('count', (value) => (typeof value === 'number' ? value : 0) + 1)) ?? null,
  flash: async ({ session }) => (await session.takeFlash(NOTICE)) ?? null,
  touch: ({ session }) => session.touch(),
  renew: () => undefined,
  csrf: ({ session }) => session.csrfToken().length > 0,
  'sign-in-new': ({ session, query }) => session.authenticate(query.get('subject') ?? ''),
  'sign-in': ({ session, query }) => session.authenticate(query.get('subject') ?? ''),
  reauthenticate: ({ session }) => session.reauthenticate(),
  rotate: ({ session }) => session.rotate(),
  revoke: ({ session }) => session.revoke('logout'),
  'revoke-others': ({ session }) => session.revokeOthers(),
  'revoke-all': ({ session, sessions }) =>
    session.subject === null ? null : sessions.revokeAll(session.subject),
  'revoke-everyone': ({ sessions }) => sessions.revokeEveryone(),
  prepare: async ({ session, query }) => {
    const subject = query.get('subject')
    session.set(KEEPSAKE, query.get('keepsake') ?? '')
    session.flash(NOTICE, query.get('keepsake') ?? '')
    if (subject !== null) await session.authenticate(subject)
  },
}
