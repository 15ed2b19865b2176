import { subject } from '../../harness/visitors.js'
import type { Server, ServerInput } from '../model.js'
import { anonymous } from './anonymous.js'
import { answerPrivately, expressApp } from './express-app.js'

export async function startServer({ sessions }: ServerInput): Promise<Server> {
  const everybody = subject(0)
  const app = expressApp()
  app.get('/', (_req, res) => answerPrivately(res, everybody))
  return { listener: app, cookies: anonymous(sessions) }
}
