import { withSession } from '@holdfast/node'
import type { Server, ServerInput } from '../model.js'
import { answer } from './answer.js'
import { BEHIND_PROXY, signedIn } from './holdfast.js'

export async function startServer(input: ServerInput): Promise<Server> {
  const { sessions, cookies } = await signedIn(input)
  const listener = withSession(
    sessions,
    (_req, res, session) => answer(res, session.subject),
    BEHIND_PROXY,
  )
  return { listener, cookies }
}
