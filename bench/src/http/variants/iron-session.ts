import { getIronSession, sealData } from 'iron-session'
import { cookieHeader, subject } from '../../harness/visitors.js'
import type { Server, ServerInput } from '../model.js'
import { answerPrivately } from './answer.js'

/** A seal costs half a millisecond to make; nothing is looked up by it, so that fewer do as well. */
const SEALS = 500

export async function startServer({ sessions, key: password }: ServerInput): Promise<Server> {
  const cookieName = '__Host-session'
  const cookies: string[] = []
  for (let index = 0; index < Math.min(SEALS, sessions); index++) {
    const seal = await sealData({ subject: subject(index) }, { password })
    cookies.push(cookieHeader(seal, cookieName))
  }
  const listener: Server['listener'] = (req, res) => {
    const opened = getIronSession<{ subject?: string }>(req, res, { cookieName, password })
    opened.then(
      (session) => answerPrivately(res, session.subject ?? null),
      () => res.destroy(),
    )
  }
  return { listener, cookies }
}
