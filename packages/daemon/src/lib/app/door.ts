import { engineOf } from '@holdfast/core/engine'
import { SessionError } from '@holdfast/core'
import { APP_ROUTES } from '@holdfast/protocol'
import { createReminder } from '../check/reminder.js'
import { createDispatch } from '../http/dispatch.js'
import { traceOf } from '../http/problem.js'
import { operationsOf } from '../http/operations.js'
import { createHttpDoor } from '../http/server.js'
import type { DaemonParts, Door } from '../parts.js'
import type { AppSettings } from '../settings.js'
import { createVisitorTransport } from '../visitors/visitor-transport.js'
import { createAdmission } from './admission.js'
import { appHandlers } from './handlers.js'
import { createVisit } from './visit.js'

/** How an application is known: by the permissions of its socket, or over TCP by its token. */
type KnownBy = 'socket' | 'tcp'

/** What an application's namespace may be: nothing in which packages of this project keep values of their own (`~grant`). */
const NAMESPACE = /^[a-z0-9_-]{1,32}$/
const MIN_TOKEN = 32

/**
 * The door of one application. Who connects to it is that application, so it sees its own namespace and the shared one, and
 * nothing else. For TCP, where everybody can connect, make a second one with `'tcp'`: it asks for the application's token.
 */
export function createAppDoor(parts: DaemonParts, app: AppSettings, by: KnownBy = 'socket'): Door {
  assertNamespace(parts, app)
  const token = by === 'tcp' ? tokenOf(app) : null
  const { settings, metrics } = parts
  const handlers = appHandlers(parts, app, createVisit(createVisitorTransport(parts)))
  const tell = createReminder(parts.log)
  const answer = createDispatch({
    operations: operationsOf(APP_ROUTES, handlers),
    limit: settings.limits.body,
    admit: createAdmission(app, token),
    done: (operation, status) => metrics.request('app', operation, status),
    failed: (error) => tell(`app ${app.name}: unexpected ${traceOf(error)}`),
  })
  return createHttpDoor({ limits: settings.limits, answer })
}

/** Without a token, everybody on this host would be the application. */
function tokenOf({ name, tcp }: AppSettings): string {
  if (tcp !== null && tcp.token.length >= MIN_TOKEN) return tcp.token
  const message = `the token of [apps.${name}] must have at least ${MIN_TOKEN} characters`
  throw new SessionError('ERR_SESSION_CONFIG', message)
}

function assertNamespace({ sessions }: DaemonParts, { name, namespace }: AppSettings): void {
  const { sharedNamespace } = engineOf(sessions).dataRules
  if (NAMESPACE.test(namespace) && namespace !== sharedNamespace) return
  throw new SessionError(
    'ERR_SESSION_CONFIG',
    `namespace in [apps.${name}] must have 1 to 32 of a-z, 0-9, _ and -, and not be '${sharedNamespace}'`,
  )
}
