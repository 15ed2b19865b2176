import { AssertionSigner } from '@holdfast/protocol'
import { subject } from '../../harness/visitors.js'
import type { Server, ServerInput } from '../model.js'
import { anonymous } from './anonymous.js'

/** node:http with the check door's answer, and nothing behind it. */
export async function startServer({ sessions, key }: ServerInput): Promise<Server> {
  const now = Math.floor(Date.now() / 1000)
  const signer = new AssertionSigner({ kty: 'oct', alg: 'HS256', kid: '0000', k: key })
  const headers = {
    'X-Session-Assertion': signer.sign({
      aud: 'shop',
      sub: subject(0),
      sid: '0'.repeat(22),
      ns: 'shop',
      iat: now,
      exp: now + 30,
      auth_time: now,
      amr: ['pwd'],
    }),
    'X-Accel-Expires': '0',
    'Cache-Control': 'no-store',
  }
  return {
    listener: (_req, res) => {
      res.writeHead(204, headers)
      res.end()
    },
    cookies: anonymous(sessions),
  }
}
