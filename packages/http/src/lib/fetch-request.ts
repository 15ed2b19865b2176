import type { IncomingRequest } from './transport.js'

/** What the platform knows of the connection and a `Request` does not say. */
export interface ConnectionInfo {
  /** Address at the other end of the socket. */
  readonly address?: string
  /** Whether this request moves the idle deadline. Default `true`. */
  readonly countsAsActivity?: boolean
}

/** A fetch-standard request as the transport reads it. */
export class FetchRequest implements IncomingRequest {
  readonly method: string
  readonly peer: string | undefined
  readonly #headers: Headers
  readonly #url: string

  constructor(request: Request, info: ConnectionInfo) {
    this.method = request.method
    this.peer = info.address
    this.#headers = request.headers
    this.#url = request.url
  }

  get encrypted(): boolean {
    return this.#url.startsWith('https:')
  }

  header(name: string): string | null {
    // A Request has no Host header of its own: its URL says which host was asked.
    return this.#headers.get(name) ?? (name === 'host' ? new URL(this.#url).host : null)
  }
}
