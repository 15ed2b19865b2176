import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

type Listener = (req: IncomingMessage, res: ServerResponse) => void

/** A server of a test's own on a free port of this machine. */
export interface Listening {
  readonly origin: string
  stop(): Promise<void>
}

export async function listen(host: string, make: (origin: string) => Listener): Promise<Listening> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const origin = `http://${host}:${address.port}`
  server.on('request', make(origin))
  return {
    origin,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
