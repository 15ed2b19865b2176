import { sign } from 'cookie-signature'
import session, { MemoryStore } from 'express-session'
import { address, cookieHeader, subject, userAgent } from '../../harness/visitors.js'
import type { Server, ServerInput } from '../model.js'
import { answerPrivately, expressApp } from './express-app.js'

const HOUR = 3_600_000
const NAME = '__Host-session'

export async function startServer({ sessions, key }: ServerInput): Promise<Server> {
  const store = new MemoryStore()
  const app = expressApp()
  const cookie = { secure: true, httpOnly: true, sameSite: 'lax', maxAge: HOUR } as const
  app.use(
    session({
      secret: key,
      resave: false,
      saveUninitialized: false,
      store,
      name: NAME,
      proxy: true,
      cookie,
    }),
  )
  app.get('/', (req, res) => {
    const content: object = req.session
    answerPrivately(res, 'subject' in content ? String(content.subject) : null)
  })
  const cookies = Array.from({ length: sessions }, (_, index) => signIn(store, index, key, cookie))
  await new Promise(setImmediate)
  return { listener: app, cookies }
}

function signIn(store: MemoryStore, index: number, key: string, cookie: object): string {
  const id = String(index).padStart(32, '0')
  const now = Date.now()
  const about = { ip: address(index), userAgent: userAgent(index), createdAt: now }
  store.set(id, {
    cookie: { ...cookie, originalMaxAge: HOUR, expires: new Date(now + HOUR), path: '/' },
    subject: subject(index),
    ...about,
  })
  return cookieHeader(encodeURIComponent(`s:${sign(id, key)}`), NAME)
}
