import { subject } from '../../harness/visitors.js'
import type { Server, ServerInput } from '../model.js'
import { anonymous } from './anonymous.js'
import { answerPrivately, fastifyApp, listenerOf } from './fastify-app.js'

export async function startServer({ sessions }: ServerInput): Promise<Server> {
  const everybody = subject(0)
  const app = fastifyApp()
  app.get('/', (_req, reply) => answerPrivately(reply, everybody))
  return { listener: await listenerOf(app), cookies: anonymous(sessions) }
}
