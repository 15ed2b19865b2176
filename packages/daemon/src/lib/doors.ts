import { createAdminDoor } from './admin/door.js'
import { createAppDoor } from './app/door.js'
import { createCheckDoor } from './check/door.js'
import { createMonitorDoor } from './monitor/door.js'
import type { Control, DaemonParts, Door } from './parts.js'

/** How each door of a worker is made, by the name of its socket (process/doorway.ts). */
export function workerDoors(parts: DaemonParts): ReadonlyMap<string, () => Door> {
  const doors = new Map([
    ['check', () => createCheckDoor(parts)],
    ['check/tcp', () => createCheckDoor(parts)],
  ])
  for (const app of parts.settings.apps) {
    doors.set(`app-${app.name}`, () => createAppDoor(parts, app))
    doors.set(`app-${app.name}/tcp`, () => createAppDoor(parts, app, 'tcp'))
  }
  return doors
}

/** The doors of the primary process. They live on through a reload, so they read what they need of `parts` at each request. */
export function adminDoor(parts: DaemonParts, control: Control): Door {
  return createAdminDoor(parts, control)
}

export function monitorDoor(parts: DaemonParts): Door {
  return createMonitorDoor(parts)
}
