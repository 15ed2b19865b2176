import type { Sessions } from '@holdfast/core'
import { readCookies, serializeCookie } from '@holdfast/http'
import {
  createTransport,
  type IncomingRequest,
  type Transport,
  type TransportOptions,
} from '@holdfast/http/transport'
import type { TokenClient } from '../grants/clients.js'
import type { TokenSet } from '../grants/token-set.js'

/**
 * The cookies in which browser clients keep their refresh tokens: HttpOnly, so that no script reads them; SameSite=Strict; sent to
 * the token endpoint, and to what is below it, and nowhere else.
 */
export class RefreshCookies {
  readonly #transports: ReadonlyMap<TokenClient, Transport>

  constructor(
    sessions: Sessions<never>,
    clients: Iterable<TokenClient>,
    path: string,
    options: TransportOptions,
  ) {
    const browsers = [...clients].filter(({ type }) => type === 'browser')
    this.#transports = new Map(
      browsers.map((client) => {
        const cookie = { name: client.cookie, sameSite: 'strict', path } as const
        return [client, createTransport(sessions, { ...options, cookie, bearer: false })]
      }),
    )
  }

  /** The refresh token that a request brings; null if there is none, or several of which one may be somebody else's. */
  read(client: TokenClient, request: IncomingRequest): string | null {
    const { name } = this.#of(client).variantFor(request)
    const presented = readCookies(request.header('cookie'), name)
    return typeof presented === 'string' ? presented : null
  }

  /** The Set-Cookie line that hands out a refresh token. */
  write(client: TokenClient, request: IncomingRequest, tokens: TokenSet, now: number): string {
    const transport = this.#of(client)
    const development = transport.variantFor(request) === transport.cookie.loopback
    const left = Math.max(0, tokens.absoluteDeadline - now)
    return serializeCookie(transport.cookie, tokens.refreshToken, {
      development,
      ...(tokens.persistent ? { maxAge: left, now } : {}),
    })
  }

  /** The Set-Cookie line that takes it away. */
  expire(client: TokenClient, request: IncomingRequest): string {
    return this.#of(client).variantFor(request).expired
  }

  #of(client: TokenClient): Transport {
    const transport = this.#transports.get(client)
    if (transport === undefined) throw new TypeError(`client '${client.id}' has no cookie`)
    return transport
  }
}
