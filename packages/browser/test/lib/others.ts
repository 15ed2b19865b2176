import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen } from './listen.js'
import { serveFile } from './page.js'

/** Servers of other origins. */
export interface Others {
  /** Of the same site: it has pages alone. */
  readonly neighbour: string
  /** An unrelated site, which has pages, answers everybody and notes what they bring. */
  readonly elsewhere: string
  /** `method path authorization` of every request at the unrelated site. */
  readonly foreign: readonly string[]
  /** What docs/browser-client.md asks of an application's own routes for pages of other origins. Whether that was all. */
  admit(req: IncomingMessage, res: ServerResponse): boolean
  stop(): Promise<unknown>
}

export async function startOthers(): Promise<Others> {
  const foreign: string[] = []
  const neighbour = await listen('localhost', () => (req, res) => {
    if (!serveFile(req.url ?? '', res)) res.writeHead(404).end()
  })
  const elsewhere = await listen('127.0.0.1', () => (req, res) => {
    if (serveFile(req.url ?? '', res)) return
    foreign.push(`${req.method} ${req.url} ${req.headers.authorization ?? 'nothing'}`)
    res.setHeader('Access-Control-Allow-Origin', req.headers.origin ?? '*')
    res.setHeader('Access-Control-Allow-Headers', 'authorization, dpop')
    res.end('elsewhere')
  })
  return {
    neighbour: neighbour.origin,
    elsewhere: elsewhere.origin,
    foreign,
    admit: ({ method, headers: { origin = '' } }, res) => {
      res.setHeader('Vary', 'Origin')
      if (![neighbour.origin, elsewhere.origin].includes(origin)) return false
      res.setHeader('Access-Control-Allow-Origin', origin)
      res.setHeader('Access-Control-Allow-Credentials', 'true')
      res.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type, DPoP')
      res.setHeader('Access-Control-Expose-Headers', 'Date, DPoP-Nonce, WWW-Authenticate')
      if (method === 'OPTIONS') res.writeHead(204).end()
      return method === 'OPTIONS'
    },
    stop: () => Promise.all([neighbour.stop(), elsewhere.stop()]),
  }
}
