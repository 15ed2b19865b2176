import type { Sessions } from '@holdfast/core'
import { isPromise, NoRequest } from '@holdfast/core/engine'
import { readCookies } from '@holdfast/http'
import { COOKIE } from '../harness/visitors.js'

/** What the check has to find. */
export type Expected = 'active' | 'rejected'

/**
 * Header to session, as each request does it: find the cookie, open the session, look at whose it is. A check that finds
 * anything else than expected ends the measurement.
 */
export function checkLoop<Data extends object>(
  sessions: Sessions<Data>,
  headers: readonly string[],
  expected: Expected,
): (count: number) => number {
  const keys = sessions.tokenKeys(COOKIE)
  let at = 0
  return (count) => {
    let found = 0
    for (let left = count; left > 0; left--) {
      const header = headers[at] ?? ''
      at = at + 1 === headers.length ? 0 : at + 1
      const token = readCookies(header, COOKIE)
      const open = sessions.open(keys, new NoRequest(typeof token === 'string' ? token : null))
      if (isPromise(open)) throw new Error('an embedded store answers at once')
      if ((open.record === null) !== (expected === 'rejected')) throw new Error('a wrong answer')
      found += open.record === null ? 1 : (open.record.subject?.length ?? 0)
    }
    return found
  }
}
