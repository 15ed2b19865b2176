import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'

/** A server on a port of its own; `close` ends it with its connections. */
export interface TestServer {
  readonly origin: string
  close(): Promise<void>
}

export async function serve(listener: RequestListener): Promise<TestServer> {
  const server: Server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

export type Answer = (res: ServerResponse, req: IncomingMessage) => void

export const json =
  (value: unknown): Answer =>
  (res) => {
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify(value))
  }

export const METADATA = '/.well-known/oauth-authorization-server'

/** An issuer whose answers a test sets by their path, and whose requests it counts. */
export class Issuer {
  readonly answers: Map<string, Answer> = new Map()
  readonly requests: string[] = []
  #server: TestServer | null = null

  static async start(keys: unknown): Promise<Issuer> {
    const issuer = new Issuer()
    issuer.#server = await serve((req, res) => {
      const path = req.url ?? ''
      issuer.requests.push(path)
      const answer = issuer.answers.get(path)
      if (answer !== undefined) return answer(res, req)
      res.statusCode = 404
      res.end()
    })
    issuer.answers.set(METADATA, json({ issuer: issuer.origin, jwks_uri: `${issuer.origin}/keys` }))
    issuer.publish(keys)
    return issuer
  }

  get origin(): string {
    return this.#server?.origin ?? ''
  }

  publish(keys: unknown): void {
    this.answers.set('/keys', json(keys))
  }

  /** How often the keys were asked for. */
  get fetches(): number {
    return this.requests.filter((path) => path === '/keys').length
  }

  async stop(): Promise<void> {
    await this.#server?.close()
  }
}
