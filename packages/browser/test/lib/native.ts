import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Sessions } from '@holdfast/core'
import { withSession } from '@holdfast/node'
import { TokenError, type Tokens, type TokenSet } from '@holdfast/tokens'

/** The application's sign-in for a cookie session, whose answer has tokens for a client without a cookie besides. */
export function signInBeside(
  sessions: Sessions,
  tokens: Tokens,
): (req: IncomingMessage, res: ServerResponse) => void {
  return withSession(
    sessions,
    async (_req, res, session) => {
      await session.authenticate('ada', { methods: ['pwd'] })
      res.end(bodyOf(await tokens.issue(session, { client: 'native' })))
    },
    { development: true },
  )
}

/** An application's own sign-in for a client that has no cookie: it answers as a token endpoint does. */
export function signInNative(
  tokens: Tokens,
  origin: string,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const header = req.headers['dpop']
  const proof = { header, method: 'POST', url: `${origin}/sign-in/native` }
  const dpop = header === undefined ? {} : { dpop: proof }
  res.setHeader('Content-Type', 'application/json')
  tokens.signIn({ subject: 'ada', client: 'native', methods: ['pwd'], ...dpop }).then(
    (set) => res.end(bodyOf(set)),
    (error: unknown) => {
      const wanted = error instanceof TokenError && error.code === 'ERR_TOKEN_DPOP_NONCE'
      if (wanted) res.setHeader('DPoP-Nonce', tokens.nonces.issue())
      res.writeHead(400).end(JSON.stringify({ error: wanted ? 'use_dpop_nonce' : String(error) }))
    },
  )
}

function bodyOf({ accessToken, tokenType, refreshToken, sessionId }: TokenSet): string {
  return JSON.stringify({
    access_token: accessToken,
    token_type: tokenType,
    expires_in: 60,
    refresh_token: refreshToken,
    session_id: sessionId,
    idle_expires_in: 300,
  })
}
