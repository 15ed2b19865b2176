import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { Server } from '../model.js'

/** An application as the documentation has it, for production. */
export function fastifyApp(): FastifyInstance {
  return fastify()
}

/** The same answer as without Fastify, and by hand what a session's response must say to caches. */
export function answerPrivately(reply: FastifyReply, subject: string | null): FastifyReply {
  return reply.header('Cache-Control', 'no-store').header('Vary', 'Cookie').send({ subject })
}

/** The application as a listener of node:http. */
export async function listenerOf(app: FastifyInstance): Promise<Server['listener']> {
  await app.ready()
  return (req, res) => app.routing(req, res)
}
