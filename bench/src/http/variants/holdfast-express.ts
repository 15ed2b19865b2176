import { session } from '@holdfast/express'
import type { Server, ServerInput } from '../model.js'
import { expressApp } from './express-app.js'
import { BEHIND_PROXY, signedIn } from './holdfast.js'

export async function startServer(input: ServerInput): Promise<Server> {
  const { sessions, cookies } = await signedIn(input)
  const app = expressApp()
  app.use(session(sessions, BEHIND_PROXY))
  app.get('/', (req, res) => {
    res.json({ subject: req.session.subject })
  })
  return { listener: app, cookies }
}
