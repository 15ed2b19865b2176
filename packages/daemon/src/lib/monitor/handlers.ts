import type { MONITOR_ROUTES } from '@holdfast/protocol'
import type { Handlers } from '../http/operations.js'
import { Problem } from '../http/problem.js'
import { Text } from '../http/text.js'
import type { DaemonParts } from '../parts.js'
import { publicKeys } from '../public-keys.js'

const OK = { body: { status: 'ok' } } as const
const SOON = { 'Retry-After': '1' } as const
/** The text format of Prometheus. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Health and metrics, without anything secret. */
export function monitorHandlers(parts: DaemonParts): Handlers<typeof MONITOR_ROUTES> {
  return {
    health: () => OK,
    ready: () => {
      if (parts.isReady()) return OK
      throw new Problem(503, 'ERR_DAEMON_NOT_READY', 'the store does not answer', SOON)
    },
    metrics: async () => ({ body: new Text(METRICS_TYPE, await parts.metricsText()) }),
    jwks: () => publicKeys(parts),
  }
}
