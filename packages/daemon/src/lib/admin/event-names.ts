import type { SessionEventName } from '@holdfast/core'
import { Problem } from '../http/problem.js'

/** Every name, so that one that is mistyped is told from one that has not happened. */
const NAMES: Readonly<Record<SessionEventName, true>> = {
  session_created: true,
  session_authenticated: true,
  session_renewed: true,
  session_expired: true,
  session_revoked: true,
  session_rejected: true,
  token_reuse: true,
  token_issued: true,
  token_refreshed: true,
  token_revoked: true,
  token_rejected: true,
  excess_sessions_exceeded: true,
  session_write_refused: true,
  csrf_refused: true,
  store_failed: true,
  store_channel: true,
  listener_failed: true,
}

/** The names in `a,b,c`; null, for all, where there is no such list. Throws a problem for a name that is none. */
export function readEventNames(list: string | undefined): ReadonlySet<string> | null {
  if (list === undefined) return null
  const names = list.split(',')
  const unknown = names.find((name) => !Object.hasOwn(NAMES, name))
  if (unknown === undefined) return new Set(names)
  const detail = `type: ${unknown} is no event; there are ${Object.keys(NAMES).join(', ')}`
  throw new Problem(400, 'ERR_DAEMON_REQUEST', detail)
}
