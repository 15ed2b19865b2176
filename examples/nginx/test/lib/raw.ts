import { connect as connectPlain } from 'node:net'
import { connect } from 'node:tls'

export interface Raw {
  readonly status: number
  /** Its lines in order, as `name: value`, names in lower case. */
  readonly headers: readonly string[]
  readonly body: string
}

/** Sends a request byte for byte, as no client would, over a connection of its own. `lines` are the head without its empty line. */
export async function sendRaw(origin: string, lines: readonly string[], body = ''): Promise<Raw> {
  const { protocol, port } = new URL(origin)
  const place = { port: Number(port), host: '127.0.0.1' }
  const socket =
    protocol === 'https:'
      ? connect({ ...place, servername: 'localhost', rejectUnauthorized: false })
      : connectPlain(place)
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  let said = ''
  for await (const data of socket) {
    said += String(data)
    if (isWhole(said)) break
  }
  socket.destroy()
  const [head = '', ...rest] = said.split('\r\n\r\n')
  const [first = '', ...headers] = head.split('\r\n')
  return {
    status: Number(first.split(' ')[1]),
    headers: headers.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase())),
    body: rest.join('\r\n\r\n'),
  }
}

/** Whether an answer says how long it is, and has come to its end. What is upgraded ends with its connection. */
function isWhole(said: string): boolean {
  const end = said.indexOf('\r\n\r\n')
  if (end === -1 || said.startsWith('HTTP/1.1 101')) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(said.slice(0, end))?.[1]
  return length !== undefined && said.length - end - 4 >= Number(length)
}
