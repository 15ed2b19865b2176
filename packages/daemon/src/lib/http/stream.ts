import type { ServerResponse } from 'node:http'

/** An answer without an end: `write` gets the response, its head sent, and ends or is left by the client when it is over. */
export class Stream {
  readonly type: string
  readonly write: (response: ServerResponse) => void

  constructor(type: string, write: (response: ServerResponse) => void) {
    this.type = type
    this.write = write
  }
}
