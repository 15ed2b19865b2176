import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@holdfast/core'
import {
  type AccessRequirements,
  createResourceServer,
  type KeySet,
  refusalOf,
  requireAccessToken,
  type Tokens,
} from '@holdfast/tokens'

type Listener = (req: IncomingMessage, res: ServerResponse) => void

/** An API that wants access tokens, with addresses that refuse, redirect, and want nothing. */
export function serveApi(
  tokens: Tokens,
  keys: KeySet,
  { origin, elsewhere, now }: { origin: string; elsewhere: string; now: Clock },
): (req: IncomingMessage, res: ServerResponse) => void {
  const server = createResourceServer({
    issuer: origin,
    audience: 'tests',
    keys,
    isLive: (claims) => tokens.isLive(claims),
    firstUse: (proof) => tokens.firstUse(proof),
    nonces: tokens.nonces,
    now,
  })
  const guarded = (requirements: AccessRequirements): Listener => {
    const gate = requireAccessToken(server, { origin, ...requirements })
    return (req, res) => gate(req, res, (error) => (error ? refuse(res, error) : echo(req, res)))
  }
  const redirect = (status: number, to: string): Listener => {
    return (_req, res) => res.writeHead(status, { Location: to }).end()
  }
  const routes = new Map<string, Listener>([
    ['/api', guarded({})],
    ['/api/step-up', guarded({ acrValues: ['strong'] })],
    ['/api/never', (_req, res) => res.writeHead(401).end('no')],
    ['/open', echo],
    ['/away', redirect(302, `${elsewhere}/landed`)],
    ['/away/post', redirect(307, `${elsewhere}/landed`)],
    ['/around', redirect(302, '/api')],
  ])
  const missing: Listener = (_req, res) => res.writeHead(404).end()
  return (req, res) => (routes.get(req.url ?? '') ?? missing)(req, res)
}

function echo(req: IncomingMessage, res: ServerResponse): void {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    const { authorization = 'nothing' } = req.headers
    res.setHeader('Content-Type', 'application/json')
    res.end(
      JSON.stringify({
        scheme: authorization.split(' ')[0],
        method: req.method,
        body: Buffer.concat(chunks).toString(),
      }),
    )
  })
}

function refuse(res: ServerResponse, error: unknown): void {
  const { status, headers, body } = refusalOf(error)
  res.writeHead(status, headers).end(body)
}
