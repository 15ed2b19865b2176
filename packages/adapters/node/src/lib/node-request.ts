import type { IncomingMessage } from 'node:http'
import type { IncomingRequest } from '@holdfast/http/transport'

/** A node:http (or HTTP/2 compatibility) request as the transport reads it. */
export class NodeRequest implements IncomingRequest {
  readonly #message: IncomingMessage

  constructor(message: IncomingMessage) {
    this.#message = message
  }

  get method(): string {
    return this.#message.method ?? 'GET'
  }

  get peer(): string | undefined {
    return this.#message.socket.remoteAddress
  }

  get encrypted(): boolean {
    return 'encrypted' in this.#message.socket && this.#message.socket.encrypted === true
  }

  header(name: string): string | readonly string[] | undefined {
    // Node keeps the first of several lines of these three, and joins others with ", ": all lines must be seen.
    if (name === 'cookie') return this.#message.headers.cookie
    if (!SINGLE.has(name)) return this.#message.headers[name]
    const lines = linesOf(this.#message.rawHeaders, name)
    return lines.length > 1 ? lines : this.#message.headers[name]
  }
}

/** All lines of one header. Node lists names and values in turn; HTTP/2 has no other way to see all. */
function linesOf(raw: readonly string[], name: string): readonly string[] {
  return raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name)
}

/** Headers of which Node silently drops every line but the first. */
const SINGLE: ReadonlySet<string> = new Set(['authorization', 'host', 'referer', 'user-agent'])
