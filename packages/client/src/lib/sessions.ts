import type { APP_ROUTES } from '@holdfast/protocol'
import type { Answer, Connection } from './connection.js'

/** A session as administrators see it, and applications with the right `list`. */
export type SessionInfo = Answer<typeof APP_ROUTES.list>['sessions'][number]

/** All pages of an account's sessions. */
export async function* listSessions(
  connection: Connection,
  route: typeof APP_ROUTES.list,
  subject: string,
  { ended = false }: { readonly ended?: boolean } = {},
): AsyncGenerator<SessionInfo> {
  let after: string | null = ''
  while (after !== null) {
    const query: Record<string, string> = { subject, ended: String(ended) }
    if (after !== '') query['after'] = after
    const page: Answer<typeof route> = (await connection.ask(route, { query })).answer
    yield* page.sessions
    after = page.next
  }
}
