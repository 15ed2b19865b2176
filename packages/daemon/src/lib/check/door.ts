import { andThen } from '@holdfast/core/engine'
import type { CheckResult } from '../metrics/check-counts.js'
import type { Head } from '../lean/head.js'
import { type Answer, problem } from '../lean/answer.js'
import { createLeanServer } from '../lean/server.js'
import type { DaemonParts, Door } from '../parts.js'
import { Check } from './check.js'
import { FORMS } from './forms.js'
import { createReminder } from './reminder.js'

/**
 * The door of web servers: they ask on each request of the site who is signed in. `GET /v1/check` answers 204 or 401,
 * `/v1/check/optional` 204 in either case, `/v1/forward-auth` 200, 302 or 401, `/healthz` 200. Throws `TypeError` for settings that
 * cannot be used.
 */
export function createCheckDoor(parts: DaemonParts): Door {
  const tell = createReminder(parts.log)
  const check = new Check(parts, tell)
  const forms = new Map(Object.entries(FORMS))
  const handle = (head: Head): ReturnType<Check['run']> => {
    const form = forms.get(head.target)
    if (form !== undefined) {
      const begun = performance.now()
      return andThen(check.run(form, head), (answer) => {
        parts.metrics.check(resultOf(answer), (performance.now() - begun) / 1000)
        return answer
      })
    }
    return head.target === '/healthz' ? HEALTHY : UNKNOWN
  }
  const failed = (error: unknown): void =>
    tell(`check: unexpected ${error instanceof Error ? (error.stack ?? error.name) : 'error'}`)
  return createLeanServer({ handle, failed, limits: parts.settings.limits })
}

/** What a check came to, as its answer says it. */
function resultOf({ status, headers }: Answer): CheckResult {
  if (status >= 500) return 'failed'
  if (status === 403) return 'refused'
  return headers.startsWith(ASSERTED) ? 'active' : 'anonymous'
}

/** An answer about somebody begins with it. */
const ASSERTED = 'X-Session-Assertion: '
const HEALTHY: Answer = { status: 200, headers: 'Cache-Control: no-store\r\n', body: '' }
const UNKNOWN = problem(404, 'ERR_DAEMON_NOT_FOUND')
