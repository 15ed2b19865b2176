import { standIn } from './stand-in.js'
import type { Control, DaemonParts, Door } from './parts.js'

/** The doors of a worker, by the names of their sockets. */
export function workerDoors(parts: DaemonParts): ReadonlyMap<string, () => Door> {
  const { check, apps } = parts.settings
  const doors = new Map([['check', () => standIn(parts)]])
  if (check.tcp !== null) doors.set('check/tcp', () => standIn(parts))
  for (const { name, tcp } of apps) {
    doors.set(`app-${name}`, () => standIn(parts))
    if (tcp !== null) doors.set(`app-${name}/tcp`, () => standIn(parts))
  }
  return doors
}

export function adminDoor(parts: DaemonParts, control: Control): Door {
  void control
  return standIn(parts)
}

export function monitorDoor(parts: DaemonParts): Door {
  return standIn(parts)
}
