import { connect, type Socket } from 'node:net'
import { type Place, target } from './ask.js'

/** A connection of which every byte is the test's own. */
export class Raw {
  readonly socket: Socket
  received = ''
  readonly closed: Promise<void>

  constructor(place: Place) {
    const where = target(place)
    this.socket = 'socketPath' in where ? connect(where.socketPath) : connect(where)
    this.socket.on('data', (data: Buffer) => {
      this.received += data.toString('latin1')
    })
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => resolve())
    })
  }

  send(text: string): this {
    this.socket.write(Buffer.from(text, 'latin1'))
    return this
  }

  /** Resolves when what has come back fits, or the connection is closed. */
  async until(wanted: RegExp): Promise<string> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (wanted.test(this.received)) resolve()
      }
      this.socket.on('data', look)
      void this.closed.then(resolve)
      look()
    })
    return this.received
  }
}

/** Sends bytes, says that no more follow, and gives all that comes back until the door ends the connection. */
export async function exchange(place: Place, text: string): Promise<string> {
  const raw = new Raw(place).send(text)
  raw.socket.end()
  await raw.closed
  return raw.received
}
