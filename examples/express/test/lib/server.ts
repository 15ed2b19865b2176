import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { Certificate } from '../../src/certificate.js'
import { Client } from './client.js'

/** A server of a test on a free port, which answers nothing until somebody listens to its requests. */
export interface TestServer {
  readonly origin: string
  readonly server: Server
  /** A client that trusts its certificate. */
  readonly client: () => Client
  /** Ends its connections and its clients. */
  readonly stop: () => Promise<void>
}

export async function startServer(certificate: Certificate): Promise<TestServer> {
  const server = createServer(certificate).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const origin = `https://localhost:${address.port}`
  const clients: Client[] = []
  return {
    origin,
    server,
    client: () => {
      const client = new Client(origin, certificate.cert)
      clients.push(client)
      return client
    },
    stop: async () => {
      for (const client of clients) client.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
