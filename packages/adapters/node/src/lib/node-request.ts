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

  /**
   * From the lines as they came: `headers` makes an object of all of them at its first use, which costs more than the
   * check, and keeps only the first of several lines of some. Where something else than node made the request and left the
   * lines out, `headers` is all there is.
   */
  header(name: string): string | readonly string[] | undefined {
    const { rawHeaders } = this.#message
    return rawHeaders.length === 0 ? this.#message.headers[name] : linesOf(rawHeaders, name)
  }
}

/** Every line of one header; node lists names and values in turn. */
function linesOf(raw: readonly string[], name: string): string | readonly string[] | undefined {
  let first: string | undefined
  let all: string[] | undefined
  for (let at = 0; at + 1 < raw.length; at += 2) {
    if (!isNamed(raw[at], name)) continue
    const line = raw[at + 1] ?? ''
    if (first === undefined) first = line
    else (all ??= [first]).push(line)
  }
  return all ?? first
}

function isNamed(text: string | undefined, name: string): boolean {
  return text?.length === name.length && (text === name || text.toLowerCase() === name)
}
