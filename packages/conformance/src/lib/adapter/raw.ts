import { connect, type Socket } from 'node:net'
import { SECURE } from './client.js'

/** The bytes of a request, each character one byte. */
export function rawRequest(
  target: string,
  lines: readonly string[] = [],
  method = 'GET',
  secure: Readonly<Record<string, string>> = SECURE,
): string {
  const own = Object.entries(secure).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${target} HTTP/1.1`, ...own, ...lines, '', ''].join('\r\n')
}

/** A connection of which every byte is the case's own. */
export class RawConnection {
  readonly socket: Socket
  /** What has come back so far, one character a byte. */
  received = ''
  readonly closed: Promise<void>

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (data: Buffer) => {
      this.received += data.toString('latin1')
    })
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => resolve())
    })
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'))
  }

  /** Resolves when what has come back is enough, or the connection is closed. */
  until(enough: (received: string) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!enough(this.received)) return
        this.socket.off('data', look)
        resolve()
      }
      this.socket.on('data', look)
      void this.closed.then(resolve)
      look()
    })
  }

  /** Breaks the connection off. */
  async destroy(): Promise<void> {
    this.socket.destroy()
    await this.closed
  }
}

/** Sends bytes on a connection of their own and gives all that comes back until the server closes it. */
export async function exchange(port: number, text: string): Promise<string> {
  const connection = new RawConnection(port)
  connection.send(text)
  await connection.closed
  return connection.received
}

/** The status of each answer in what came back, interim ones left out. */
export function statuses(received: string): readonly number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
    .map(([, status]) => Number(status))
    .filter((status) => status >= 200)
}

/** Whether a response sets a cookie. */
export function setsCookie(received: string): boolean {
  return /^set-cookie:/im.test(received)
}
