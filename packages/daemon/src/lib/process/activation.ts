import type { Settings } from '../settings.js'

const FIRST = 3

/**
 * Sockets that systemd has opened for us, by name (sd_listen_fds(3)): `check`, `admin`, `monitor`, `app-NAME`. None where it has
 * opened none, or opened them for another process.
 */
export function activatedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): ReadonlyMap<string, number> {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = environment
  const count = Number(LISTEN_FDS)
  if (LISTEN_PID !== String(pid) || !Number.isSafeInteger(count) || count < 1) return new Map()
  const names = (LISTEN_FDNAMES ?? '').split(':')
  return new Map(
    Array.from({ length: Math.min(count, 1024) }, (_, index) => [
      (names[index] ?? '').replace(/\.socket$/, ''),
      FIRST + index,
    ]),
  )
}

/** What is to be said of sockets that systemd has opened for no door: clients would wait there for ever. */
export function strangeSockets(
  activated: ReadonlyMap<string, number>,
  { apps }: Pick<Settings, 'apps'>,
): readonly string[] {
  const doors = new Set(['check', 'admin', 'monitor', ...apps.map(({ name }) => `app-${name}`)])
  return [...activated.keys()]
    .filter((name) => !doors.has(name))
    .map(
      (name) =>
        `systemd has opened a socket called "${name}", which is no door; FileDescriptorName= must be one of ${[...doors].join(', ')}`,
    )
}
