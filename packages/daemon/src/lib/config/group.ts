import { spawnSync } from 'node:child_process'

/** The number of a group that is given by name or number; null where this host has none of that name. */
export function groupId(group: string): number | null {
  if (/^\d{1,9}$/.test(group)) return Number(group)
  if (!/^[A-Za-z_][\w.-]*\$?$/.test(group)) return null
  // Groups may come from a directory service, which the system's own program asks.
  const { stdout, error } = spawnSync('getent', ['group', group], { encoding: 'utf8' })
  // Where there is no such program there is no output either.
  const [, , id] = error === undefined ? stdout.split(':') : []
  return id === undefined || id === '' ? null : Number(id)
}
