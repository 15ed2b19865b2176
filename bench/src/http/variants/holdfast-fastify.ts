import { Session } from '@holdfast/core/engine'
import { createNodeDoor } from '@holdfast/node/middleware'
import type { Server, ServerInput } from '../model.js'
import { fastifyApp, listenerOf } from './fastify-app.js'
import { BEHIND_PROXY, signedIn } from './holdfast.js'

/** The door of node:http in a hook: no more than an adapter for Fastify would have to be. */
export async function startServer(input: ServerInput): Promise<Server> {
  const { sessions, cookies } = await signedIn(input)
  const door = createNodeDoor(sessions, BEHIND_PROXY)
  const app = fastifyApp()
  app.decorateRequest('holdfast')
  app.addHook('onRequest', (request, reply, done) => {
    door(
      request.raw,
      reply.raw,
      (open) => {
        request.holdfast = new Session(open)
        done()
      },
      (error) => done(error instanceof Error ? error : new Error(String(error))),
    )
  })
  app.get('/', (request, reply) => reply.send({ subject: request.holdfast?.subject }))
  return { listener: await listenerOf(app), cookies }
}

declare module 'fastify' {
  interface FastifyRequest {
    holdfast?: { readonly subject: string | null }
  }
}
