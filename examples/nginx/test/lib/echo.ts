import { once } from 'node:events'
import { createServer } from 'node:http'

/** An application that says what it was sent, and what it was asked to upgrade. */
export interface Echo {
  readonly port: number
  close(): Promise<void>
}

/** What the application says: every header line as it came, and how much there was to read. */
export interface Heard {
  readonly lines: readonly string[]
  readonly bytes: number
}

export async function startEcho(): Promise<Echo> {
  const server = createServer((req, res) => {
    let bytes = 0
    req.on('data', (data: Buffer) => (bytes += data.length))
    // All but the visitor's cookies, which have no place in an answer.
    const lines = req.rawHeaders.map((line, at, all) =>
      /^cookie$/i.test(all[at - 1] ?? '') ? '' : line,
    )
    req.on('end', () => res.end(JSON.stringify({ lines, bytes })))
  })
  server.on('upgrade', (req, socket) => {
    const who = req.headers['x-session-assertion'] === undefined ? 'nobody' : 'somebody'
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n${who}`,
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Reads what the application said. */
export function heard(body: string): Heard {
  return JSON.parse(body)
}

/** The values of a header in what the application was sent. */
export function valuesOf({ lines }: Heard, name: string): readonly string[] {
  const values: string[] = []
  for (let at = 0; at + 1 < lines.length; at += 2)
    if (lines[at]?.toLowerCase() === name) values.push(lines[at + 1] ?? '')
  return values
}
