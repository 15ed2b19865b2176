import { ADMIN_ROUTES, MONITOR_ROUTES } from '@holdfast/protocol'
import { createReminder } from '../check/reminder.js'
import { createDispatch } from '../http/dispatch.js'
import { traceOf } from '../http/problem.js'
import { operationsOf } from '../http/operations.js'
import { createHttpDoor } from '../http/server.js'
import { monitorHandlers } from '../monitor/handlers.js'
import type { Control, DaemonParts, Door } from '../parts.js'
import { createEventStreams, type EventStreamOptions } from './event-stream.js'
import { adminHandlers } from './handlers.js'

/** The administrators' door, which answers what the monitor's does too. Whoever may open its socket may do everything. */
export function createAdminDoor(
  parts: DaemonParts,
  control: Control,
  options: Pick<EventStreamOptions, 'heartbeat' | 'buffer'> = {},
): Door {
  const { settings, metrics, events } = parts
  const streams = createEventStreams({
    ...options,
    events,
    lost: (count) => metrics.eventsLost(count),
  })
  const tell = createReminder(parts.log)
  const answer = createDispatch({
    operations: [
      ...operationsOf(ADMIN_ROUTES, adminHandlers(parts, control, streams)),
      ...operationsOf(MONITOR_ROUTES, monitorHandlers(parts)),
    ],
    limit: settings.limits.body,
    done: (operation, status) => metrics.request('admin', operation, status),
    failed: (error) => tell(`admin: unexpected ${traceOf(error)}`),
  })
  return createHttpDoor({
    limits: settings.limits,
    answer,
    onDrain: () => streams.end(),
    patient: true,
  })
}
