import { SessionError, type Sessions } from '@holdfast/core'
import { readCookies, serializeCookie } from '@holdfast/http'
import {
  chooseToken,
  createTransport,
  type IncomingRequest,
  type Transport,
  type TransportOptions,
} from '@holdfast/http/transport'
import type { TokenClient } from '../grants/clients.js'
import { type Issuer, refreshKeys } from '../grants/issuer.js'
import type { TokenSet } from '../grants/token-set.js'

/**
 * The cookies in which browser clients keep their refresh tokens: HttpOnly, so that no script reads them; SameSite=Strict;
 * `__Host-`, so that no other host sets one, which costs them a path of their own.
 */
export class RefreshCookies {
  readonly #issuer: Pick<Issuer, 'engine'>
  readonly #transports: ReadonlyMap<TokenClient, Transport>

  constructor(
    { engine, clients }: Pick<Issuer, 'engine' | 'clients'>,
    sessions: Sessions<never>,
    options: TransportOptions,
  ) {
    this.#issuer = { engine }
    const browsers = [...clients.values()].filter(({ type }) => type === 'browser')
    const { name: taken } = createTransport(sessions, options).cookie
    this.#transports = new Map(
      browsers.map((client) => {
        const { cookie: name } = client
        if (name === taken) throw sameName(client)
        const cookie = { name, sameSite: 'strict' } as const
        return [client, createTransport(sessions, { ...options, cookie, bearer: false })]
      }),
    )
  }

  /** The refresh token that a request brings; null if there is none, or several of which not exactly one is genuine. */
  read(client: TokenClient, request: IncomingRequest): string | null {
    const { name } = this.#of(client).variantFor(request)
    const presented = readCookies(request.header('cookie'), name)
    return chooseToken(presented, refreshKeys(this.#issuer, client), name).token
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

function sameName({ id, cookie }: TokenClient): SessionError {
  const message = `client '${id}' has '${cookie}' as its cookie, which is the session's; give it another name`
  return new SessionError('ERR_SESSION_CONFIG', message)
}
