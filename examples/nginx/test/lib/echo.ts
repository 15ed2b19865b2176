import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** An application that says what it was sent, and what it was asked to upgrade. */
export interface Echo {
  readonly port: number
  close(): Promise<void>
}

/** What the application says: what it was asked for, every header line as it came, and how much there was to read. */
export interface Heard {
  readonly url: string
  readonly lines: readonly string[]
  readonly bytes: number
}

export async function startEcho(): Promise<Echo> {
  const server = createServer(answer)
  server.on('upgrade', (req, socket) => {
    // As a browser would hear it; an application that speaks HTTP/2 would answer the same to h2c.
    const who = req.headers['x-session-assertion'] === undefined ? 'nobody' : 'somebody'
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${req.headers.upgrade ?? ''}\r\nConnection: upgrade\r\n\r\n${who}`,
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

/** `?header=Name:value` asks for a header of the answer. */
function answer(req: IncomingMessage, res: ServerResponse): void {
  const { url = '', rawHeaders } = req
  const { searchParams } = new URL(url, 'http://echo')
  for (const line of searchParams.getAll('header')) {
    const [name = '', ...value] = line.split(':')
    res.appendHeader(name, value.join(':'))
  }
  let bytes = 0
  req.on('data', (data: Buffer) => (bytes += data.length))
  // All but the visitor's cookies, which have no place in an answer.
  const lines = rawHeaders.map((line, at) =>
    /^cookie$/i.test(rawHeaders[at - 1] ?? '') ? '' : line,
  )
  req.on('end', () => res.end(JSON.stringify({ url, lines, bytes })))
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

/** What the assertion says that the application was sent; nothing without one. */
export function assertionOf(said: Heard): Readonly<Record<string, unknown>> {
  const [text = ''] = valuesOf(said, 'x-session-assertion')
  if (text === '') return {}
  const claims: unknown = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString())
  return Object(claims)
}
