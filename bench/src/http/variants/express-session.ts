import { RedisStore } from 'connect-redis'
import session, { MemoryStore } from 'express-session'
import { nodeRedisOf } from '../../databases/clients.js'
import type { Server, ServerInput } from '../model.js'
import { answerPrivately, expressApp } from './express-app.js'
import { NAME, peerCookie, signInAll } from './peer-sessions.js'

export async function startServer(input: ServerInput): Promise<Server> {
  const { database, key } = input
  const store =
    database === null ? new MemoryStore() : new RedisStore({ client: await nodeRedisOf(database) })
  const app = expressApp()
  app.use(
    session({
      secret: key,
      resave: false,
      saveUninitialized: false,
      store,
      name: NAME,
      proxy: true,
      cookie: peerCookie,
    }),
  )
  app.get('/', (req, res) => {
    const content: object = req.session
    answerPrivately(res, 'subject' in content ? String(content.subject) : null)
  })
  const cookies = await signInAll(store, input, (signed) => `s:${signed}`)
  return { listener: app, cookies }
}
