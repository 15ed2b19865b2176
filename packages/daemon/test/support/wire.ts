import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** One answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number
  /** In their order, names in lower case. */
  readonly lines: readonly (readonly [string, string])[]
  readonly body: string
}

/** The value of one header; undefined if it is not there, and an error if it is there twice. */
export function headerOf({ lines }: WireAnswer, name: string): string | undefined {
  const found = lines.filter(([key]) => key === name)
  if (found.length > 1) throw new Error(`${name} came ${found.length} times`)
  return found[0]?.[1]
}

/** A connection on which every byte is the test's own. */
export class Wire {
  readonly socket: Socket
  #text = ''
  #ended = false
  #wake: () => void = () => undefined

  constructor(
    address: string | { readonly path: string } | { readonly host: string; readonly port: number },
  ) {
    const to = typeof address === 'string' ? { path: address } : address
    this.socket = connect({ ...to, allowHalfOpen: true })
    this.socket.setNoDelay()
    this.socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1')
      this.#wake()
    })
    const over = (): void => {
      this.#ended = true
      this.#wake()
    }
    this.socket.on('end', over)
    this.socket.on('close', over)
    this.socket.on('error', over)
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** The next answer; null if the connection ends before it. `isHead`: it has no body. */
  async answer(isHead = false): Promise<WireAnswer | null> {
    for (;;) {
      const taken = takeAnswer(this.#text, isHead)
      if (taken !== null) {
        this.#text = taken.rest
        return taken.answer
      }
      if (this.#ended) return null
      await this.#more()
    }
  }

  /** Everything until the server ends the connection. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#more()
    return this.#text
  }

  async close(): Promise<void> {
    if (this.socket.closed) return
    this.socket.destroy()
    await once(this.socket, 'close')
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

function takeAnswer(
  text: string,
  isHead: boolean,
): { readonly answer: WireAnswer; readonly rest: string } | null {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [first = '', ...rest] = text.slice(0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1])
  const lines = rest.map((line): readonly [string, string] => {
    const colon = line.indexOf(': ')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]
  })
  const length = Number(lines.find(([name]) => name === 'content-length')?.[1] ?? 0)
  const bodyEnd = end + 4 + (isHead ? 0 : length)
  if (text.length < bodyEnd) return null
  const body = Buffer.from(text.slice(end + 4, bodyEnd), 'latin1').toString()
  return { answer: { status, lines, body }, rest: text.slice(bodyEnd) }
}

/** A request's head, with its lines in this order. */
export function headText(
  target: string,
  lines: readonly (readonly [string, string])[],
  method = 'GET',
): string {
  const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\nHost: holdfast\r\n${fields.join('')}\r\n`
}
