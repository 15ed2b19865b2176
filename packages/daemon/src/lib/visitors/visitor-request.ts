import { isIP } from 'node:net'
import type { HeaderValue } from '@holdfast/http'
import type { IncomingRequest } from '@holdfast/http/transport'

/** In these, whoever asks says what the visitor asked for. They are read here and by nobody else. */
const FORWARDED = /^(?:x-forwarded-|forwarded$|:)/

/**
 * What a visitor asked of the site, as a web server or an application hands it on: cookies and the browser's own headers as they
 * came, the rest in `X-Forwarded-*`. Whoever may open the socket is believed, so that to the transport it looks like a request that
 * reached this process itself. What is missing or said twice makes the request weaker, never stronger: it counts as unsafe, as
 * plain HTTP, as of no host.
 */
export class VisitorRequest implements IncomingRequest {
  readonly #header: (name: string) => HeaderValue
  #method: string | undefined

  constructor(header: (name: string) => HeaderValue) {
    this.#header = header
  }

  /**
   * The method that the visitor used; empty, which counts as unsafe, where it is not said once. The beginning of a WebSocket is a
   * GET that other sites may cause and that needs no CORS, so it reads as what HTTP/2 makes of it (RFC 8441).
   */
  get method(): string {
    if (this.#method !== undefined) return this.#method
    const said = this.#only('x-forwarded-method') ?? ''
    this.#method = said === 'GET' && this.#opensWebSocket() ? 'CONNECT' : said
    return this.#method
  }

  /** The address that the web server itself saw: it is the last to write into the list. */
  get peer(): string | undefined {
    const list = this.#only('x-forwarded-for')
    if (list === undefined) return undefined
    const last = list.slice(list.lastIndexOf(',') + 1).trim()
    return isIP(last) === 0 ? undefined : last
  }

  get encrypted(): boolean {
    return this.#only('x-forwarded-proto') === 'https'
  }

  /** Path and query that the visitor asked for; undefined where they are not said once. */
  get uri(): string | undefined {
    return this.#only('x-forwarded-uri')
  }

  /** Whether a browser shows the answer as a page of its own, so that what it is given certainly arrives (Fetch Metadata §2). */
  get isNavigation(): boolean {
    return (
      this.method === 'GET' &&
      this.#only('sec-fetch-mode') === 'navigate' &&
      this.#only('sec-fetch-dest') === 'document'
    )
  }

  header(name: string): HeaderValue {
    if (name === 'host') return this.#only('x-forwarded-host')
    return FORWARDED.test(name) ? undefined : this.#header(name)
  }

  /** A web server hands on `Upgrade` or not; the key and the mode are the browser's, and no page can leave them out. */
  #opensWebSocket(): boolean {
    return (
      given(this.#header('sec-websocket-key')) ||
      given(this.#header('upgrade')) ||
      this.#only('sec-fetch-mode') === 'websocket'
    )
  }

  #only(name: string): string | undefined {
    const value = this.#header(name) ?? undefined
    if (value === undefined || typeof value === 'string') return value
    return value.length === 1 ? value[0] : undefined
  }
}

function given(value: HeaderValue): boolean {
  return value !== undefined && value !== null
}
