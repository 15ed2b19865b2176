import { createTransport } from '@holdfast/http/transport'
import { engineOf } from '@holdfast/core/engine'
import { SessionError } from '@holdfast/core'
import { APP_ROUTES } from '@holdfast/protocol'
import { createDispatch } from '../http/dispatch.js'
import { operationsOf } from '../http/operations.js'
import { createHttpDoor } from '../http/server.js'
import type { DaemonParts, Door } from '../parts.js'
import type { AppSettings } from '../settings.js'
import { createAdmission } from './admission.js'
import { appHandlers } from './handlers.js'
import { createVisit } from './visit.js'

export interface AppDoorOptions {
  /** What whoever connects must present; null where the socket's permissions say who it is. Default null. */
  readonly token?: string | null
}

/** What an application's namespace may be: nothing in which packages of this project keep values of their own (`~grant`). */
const NAMESPACE = /^[a-z0-9_-]{1,32}$/

/**
 * The door of one application. Who connects to it is that application, so it sees its own namespace and the shared one, and
 * nothing else. For TCP, where everybody can connect, make a second one with `token`.
 */
export function createAppDoor(
  parts: DaemonParts,
  app: AppSettings,
  { token = null }: AppDoorOptions = {},
): Door {
  assertNamespace(parts, app)
  const { settings, sessions, metrics } = parts
  const transport = createTransport(sessions, { cookie: settings.cookie })
  const handlers = appHandlers(parts, app, createVisit(transport))
  const answer = createDispatch({
    operations: operationsOf(APP_ROUTES, handlers),
    limit: settings.limits.body,
    admit: createAdmission(app, token),
    done: (operation, status) => metrics.request('app', operation, status),
    failed: (error) => parts.log(`the door of application ${app.name} failed: ${String(error)}`),
  })
  return createHttpDoor({ limits: settings.limits, answer })
}

function assertNamespace({ sessions }: DaemonParts, { name, namespace }: AppSettings): void {
  const { sharedNamespace } = engineOf(sessions).dataRules
  if (NAMESPACE.test(namespace) && namespace !== sharedNamespace) return
  throw new SessionError(
    'ERR_SESSION_CONFIG',
    `namespace in [apps.${name}] must have 1 to 32 of a-z, 0-9, _ and -, and not be '${sharedNamespace}'`,
  )
}
