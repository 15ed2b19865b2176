import { createTransport, type Transport } from '@holdfast/http/transport'
import type { DaemonParts } from '../parts.js'

/** How every door reads visitors' cookies and writes them. Throws `TypeError` naming a wrong option. */
export function createVisitorTransport({
  sessions,
  settings,
}: Pick<DaemonParts, 'sessions' | 'settings'>): Transport {
  const { cookie, check } = settings
  return createTransport(sessions, { cookie, trustedOrigins: check.trustedOrigins })
}
