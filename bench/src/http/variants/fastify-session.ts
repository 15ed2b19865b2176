import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import { RedisStore } from 'connect-redis'
import { nodeRedisOf } from '../../databases/clients.js'
import type { Server, ServerInput } from '../model.js'
import { answerPrivately, fastifyApp, listenerOf } from './fastify-app.js'
import { NAME, peerCookie, signInAll } from './peer-sessions.js'

export async function startServer(input: ServerInput): Promise<Server> {
  const { database, key } = input
  if (database === null) throw new Error('this variant needs Redis')
  const store = new RedisStore({ client: await nodeRedisOf(database) })
  const app = fastifyApp()
  await app.register(fastifyCookie)
  await app.register(fastifySession, {
    secret: key,
    cookieName: NAME,
    saveUninitialized: false,
    rolling: false,
    store,
    cookie: { ...peerCookie, secure: 'auto' },
  })
  app.get('/', (request, reply) => {
    const content: object = request.session
    return answerPrivately(reply, 'subject' in content ? String(content.subject) : null)
  })
  const cookies = await signInAll(store, input, (signed) => signed)
  return { listener: await listenerOf(app), cookies }
}
