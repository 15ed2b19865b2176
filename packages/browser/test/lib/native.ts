import type { IncomingMessage, ServerResponse } from 'node:http'
import { TokenError, type Tokens } from '@holdfast/tokens'

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
    (set) =>
      res.end(
        JSON.stringify({
          access_token: set.accessToken,
          token_type: set.tokenType,
          expires_in: 60,
          refresh_token: set.refreshToken,
          session_id: set.sessionId,
          idle_expires_in: 300,
        }),
      ),
    (error: unknown) => {
      const wanted = error instanceof TokenError && error.code === 'ERR_TOKEN_DPOP_NONCE'
      if (wanted) res.setHeader('DPoP-Nonce', tokens.nonces.issue())
      res.writeHead(400).end(JSON.stringify({ error: wanted ? 'use_dpop_nonce' : String(error) }))
    },
  )
}
