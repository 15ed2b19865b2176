import type { Sessions } from '@holdfast/core'
import { NoRequest, Session } from '@holdfast/core/engine'
import { createAssertionKeys } from '@holdfast/daemon'
import { createAssertionCheck } from '@holdfast/protocol'
import type { Authority } from './model.js'

/** An authority on the store that the door reads, in this process or another. */
export function sessionsAuthority(sessions: Sessions, app: string): Authority {
  const check = createAssertionCheck(app, createAssertionKeys(sessions)(app))
  const keys = sessions.tokenKeys('__Host-session')
  return {
    app,
    read: (assertion) => check(assertion),
    async signIn(subject) {
      const open = await sessions.open(keys, new NoRequest(null))
      await new Session(open).authenticate(subject)
      const action = open.finish()
      if (action.kind !== 'set') throw new Error('the sign-in set no cookie')
      return action.token
    },
    async revoke(id) {
      await sessions.revoke(id, { reason: 'checks' })
    },
  }
}
