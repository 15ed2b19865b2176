import { subject } from '../../harness/visitors.js'
import type { Server, ServerInput } from '../model.js'
import { answerPrivately } from './answer.js'
import { anonymous } from './anonymous.js'

export async function startServer({ sessions }: ServerInput): Promise<Server> {
  const everybody = subject(0)
  return {
    listener: (_req, res) => answerPrivately(res, everybody),
    cookies: anonymous(sessions),
  }
}
