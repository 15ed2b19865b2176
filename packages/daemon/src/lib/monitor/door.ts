import { MONITOR_ROUTES } from '@holdfast/protocol'
import { createReminder } from '../check/reminder.js'
import { createDispatch } from '../http/dispatch.js'
import { traceOf } from '../http/problem.js'
import { operationsOf } from '../http/operations.js'
import { createHttpDoor } from '../http/server.js'
import type { DaemonParts, Door } from '../parts.js'
import { monitorHandlers } from './handlers.js'

/** The door of who watches: health, metrics and public keys. */
export function createMonitorDoor(parts: DaemonParts): Door {
  const { limits } = parts.settings
  const tell = createReminder(parts.log)
  const answer = createDispatch({
    operations: operationsOf(MONITOR_ROUTES, monitorHandlers(parts)),
    limit: limits.body,
    done: (operation, status) => parts.metrics.request('monitor', operation, status),
    failed: (error) => tell(`monitor: unexpected ${traceOf(error)}`),
  })
  return createHttpDoor({ limits, answer })
}
