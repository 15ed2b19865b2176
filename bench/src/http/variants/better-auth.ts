import { createHmac } from 'node:crypto'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { fromNodeHeaders } from 'better-auth/node'
import { nodeRedisOf } from '../../databases/clients.js'
import { cookieHeader, subject, userAgent } from '../../harness/visitors.js'
import type { Server, ServerInput } from '../model.js'
import { answerPrivately } from './answer.js'

const SOURCE = { method: 'email-password' } as const
const NAME = '__Secure-better-auth.session_token'

/** Sessions in secondary storage, each read for each request: its cookie cache would not see a revocation. */
export async function startServer({ sessions, key, database }: ServerInput): Promise<Server> {
  if (database === null) throw new Error('this variant needs Redis')
  const redis = await nodeRedisOf(database)
  const auth = betterAuth({
    baseURL: 'https://www.example.com',
    secret: key,
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    secondaryStorage: {
      get: (name) => redis.get(name),
      set: async (name, value, ttl) => {
        await (ttl === undefined
          ? redis.set(name, value)
          : redis.set(name, value, { expiration: { type: 'EX', value: ttl } }))
      },
      getAndDelete: (name) => redis.getDel(name),
      increment: (name) => redis.incr(name),
      delete: async (name) => {
        await redis.del(name)
      },
    },
    telemetry: { enabled: false },
    logger: { disabled: true },
  })
  const { internalAdapter } = await auth.$context
  const cookies: string[] = []
  for (let index = 0; index < sessions; index++) {
    const name = subject(index)
    const user = await internalAdapter.createUser({ name, email: `${name}@example.com` }, SOURCE)
    const { token } = await internalAdapter.createSession(user.id, false, {
      userAgent: userAgent(index),
    })
    const signature = createHmac('sha256', key).update(token).digest('base64')
    cookies.push(cookieHeader(encodeURIComponent(`${token}.${signature}`), NAME))
  }
  const listener: Server['listener'] = (req, res) => {
    auth.api.getSession({ headers: fromNodeHeaders(req.headers) }).then(
      (found) => answerPrivately(res, found?.user.name ?? null),
      () => res.destroy(),
    )
  }
  return { listener, cookies }
}
