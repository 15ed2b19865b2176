import { setTimeout as pause } from 'node:timers/promises'
import { createSessions } from '@holdfast/core'
import { createAssertionKeys } from '@holdfast/daemon'
import { memoryStore } from '@holdfast/memory'
import { createAssertionCheck } from '@holdfast/protocol'
import { type Answer, type Ask, ask, signIn } from '../support/client.js'
import type { TestDaemon } from '../support/daemon.js'
import type { Authority } from './model.js'

const TIMES = 600

/** An authority of its sockets: visitors sign in at the application's, and an administrator ends their sessions. */
export function daemonAuthority(daemon: TestDaemon, app: string, key: string): Authority {
  // What it signs is a matter of its key alone.
  const sessions = createSessions({ store: memoryStore(), keys: [key], sweepInterval: Infinity })
  const check = createAssertionCheck(app, createAssertionKeys(sessions)(app))
  return {
    app,
    read: (assertion) => check(assertion),
    async signIn(subject) {
      const cookie = await again(() => signIn(daemon.socket(`apps/${app}.sock`), subject))
      return cookie.slice(cookie.indexOf('=') + 1)
    },
    async revoke(id) {
      const body = { session: id, reason: 'checks' }
      await again(() => asked(daemon.socket('admin.sock'), { path: '/v1/revoke', body }))
    },
  }
}

async function asked(socket: string, question: Ask): Promise<Answer> {
  const answer = await ask(socket, question)
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`)
  return answer
}

/** A worker may end in the midst of an answer, and the disk may be slow: what was asked is asked again. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let time = 1; ; time++) {
    try {
      return await work()
    } catch (error) {
      if (time === TIMES) throw error
      await pause(100)
    }
  }
}
