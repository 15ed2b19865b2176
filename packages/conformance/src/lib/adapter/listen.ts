import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AdapterServer } from './suite.js'

/** Serves a node:http listener on a free port of 127.0.0.1: what `start` of most adapters ends with. */
export async function listen(listener: RequestListener): Promise<AdapterServer> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
