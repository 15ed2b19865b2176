import { type OpenSession, Scope, Session } from '@holdfast/core/engine'
import type { APP_ROUTES } from '@holdfast/protocol'
import type { loaded, Output, patch } from '@holdfast/protocol/shapes'
import { defined } from '../defined.js'
import type { Handlers } from '../http/operations.js'
import { Problem } from '../http/problem.js'
import { publicKeys } from '../public-keys.js'
import { listSessions } from '../session-page.js'
import type { DaemonParts } from '../parts.js'
import type { AppSettings } from '../settings.js'
import { describeSession } from './loaded.js'
import type { Visit } from './visit.js'

type Change = Pick<Output<typeof patch>, 'set' | 'unset'>
type SessionHandlers = Omit<
  Handlers<typeof APP_ROUTES>,
  'list' | 'revokeAll' | 'assertionKeys' | 'jwks'
>

/** What an application may ask, by operation. */
export function appHandlers(
  parts: DaemonParts,
  app: AppSettings,
  visit: Visit,
): Handlers<typeof APP_ROUTES> {
  const { sessions } = parts
  return {
    ...sessionHandlers(app.namespace, visit),
    list: async ({ query }) => ({ body: await listSessions(sessions, query) }),
    revokeAll: async ({ body: { subject, ...options } }) => ({
      body: { count: await sessions.revokeAll(subject, defined(options)) },
    }),
    assertionKeys: () => ({ body: { keys: [...parts.assertionKeys(app.name)] } }),
    jwks: () => publicKeys(parts),
  }
}

/** The operations on the session of a visitor. */
function sessionHandlers(namespace: string, visit: Visit): SessionHandlers {
  const show = (open: OpenSession): Output<typeof loaded> => describeSession(open, namespace)
  const write = (
    open: OpenSession,
    change: Change & { readonly shared?: Change | undefined },
  ): void => {
    apply(new Scope(open, namespace), change)
    apply(new Scope(open, open.engine.dataRules.sharedNamespace), change.shared ?? {})
  }
  return {
    load: ({ request, query }) =>
      visit(request, () => undefined, show, { activity: query.activity === 'true' }),
    create: ({ request, body }) =>
      visit(
        request,
        async (open) => {
          if (open.record !== null) throw exists()
          write(open, body)
          await open.save()
        },
        show,
      ),
    patch: ({ request, body, query }) =>
      visit(
        request,
        (open) => {
          assertSession(open)
          open.ifVersion = body.ifVersion ?? null
          write(open, body)
          // Which version it is can be told for certain only by the store, with a write.
          if (open.ifVersion !== null && !open.data.dirty) throw nothingToWrite()
        },
        show,
        { activity: query.activity === 'true' },
      ),
    touch: ({ request }) => visit(request, (open) => new Session(open).touch(), show),
    authenticate: ({ request, body: { subject, ...options } }) =>
      visit(request, (open) => new Session(open).authenticate(subject, defined(options)), show),
    reauthenticate: ({ request, body }) =>
      visit(request, (open) => new Session(open).reauthenticate(defined(body)), show),
    rotate: ({ request }) =>
      visit(
        request,
        async (open) => {
          assertSession(open)
          await new Session(open).rotate()
        },
        show,
      ),
    revoke: ({ request, body }) =>
      visit(
        request,
        (open) => new Session(open).revoke(body.reason),
        () => undefined,
      ),
    revokeOthers: ({ request, body }) =>
      visit(
        request,
        (open) => new Session(open).revokeOthers(body.reason),
        (_, count) => ({ count }),
      ),
    issueCsrfToken: ({ request }) =>
      visit(
        request,
        (open) => new Session(open).csrfToken(),
        (_, token) => ({ token }),
      ),
    verifyCsrfToken: ({ request, body }) =>
      visit(
        request,
        (open) => new Session(open).verifyCsrfToken(body.token),
        (_, valid) => ({ valid }),
      ),
  }
}

function apply(scope: Scope, { set = {}, unset = [] }: Change): void {
  for (const key of unset) scope.unset(key)
  for (const [key, value] of Object.entries(set)) scope.set(key, value)
}

/** A change of a session that is not there, or not any more, never begins one (promise P2). */
function assertSession({ record }: OpenSession): void {
  if (record !== null) return
  throw new Problem(
    404,
    'ERR_SESSION_ENDED',
    'the request has no session, or it has ended; nothing was written',
  )
}

function exists(): Problem {
  const detail = 'the request has a session already; change it by PATCH, or revoke it first'
  return new Problem(409, 'ERR_DAEMON_EXISTS', detail)
}

function nothingToWrite(): Problem {
  return new Problem(400, 'ERR_DAEMON_REQUEST', 'ifVersion: there is nothing to set or unset')
}
