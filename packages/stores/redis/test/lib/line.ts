import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { createClient } from 'redis'
import { Redis } from 'ioredis'
import type { RedisClient } from '../../src/index.js'
import { theServer } from './harness.js'

/** What stands between clients and the tests' server. */
export interface Line {
  readonly port: number
  /** Every open end, towards clients and towards the server. */
  readonly ends: ReadonlySet<Socket>
}

/** A line to the server for as long as the test lasts; `join` carries bytes between the two ends of a connection. */
export async function lineToServer(
  t: TestContext,
  join: (client: Socket, server: Socket, ends: ReadonlySet<Socket>) => void,
): Promise<Line> {
  const ends = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(theServer().server.port, '127.0.0.1')
    for (const end of [client, server]) {
      ends.add(end)
      end.on('error', () => undefined)
      end.on('close', () => [client, server].map((each) => each.destroy()))
    }
    join(client, server, ends)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => {
    for (const end of ends) end.destroy()
    proxy.close()
  })
  const address = proxy.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return { port: address.port, ends }
}

/** Clients with the settings that they are shipped with. */
export const SHIPPED: Readonly<
  Record<string, (port: number, t: TestContext) => Promise<RedisClient>>
> = {
  'ioredis as it is shipped': (port, t) => {
    const client = new Redis(port, '127.0.0.1')
    client.on('error', () => undefined)
    t.after(() => client.disconnect())
    return Promise.resolve(client)
  },
  'node-redis as it is shipped': async (port, t) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` })
    client.on('error', () => undefined)
    await client.connect()
    t.after(() => client.destroy())
    return client
  },
}
