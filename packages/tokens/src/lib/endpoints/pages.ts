import type { TransportOptions } from '@holdfast/http/transport'
import type { TokenClient } from '../grants/clients.js'
import type { Issuer } from '../grants/issuer.js'

/** What a page's client reads: the nonce and the time for its next proof, why it was refused, and when to try again. */
const READABLE = 'Date, DPoP-Nonce, Retry-After, WWW-Authenticate'

const PREFLIGHT: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Headers': 'Content-Type, DPoP',
  'Access-Control-Allow-Methods': 'POST',
  'Access-Control-Max-Age': '600',
}

/**
 * Pages of other origins at the endpoints (CORS, Fetch §3.2): scripts of the origins that a client lists read the answers to
 * that client, cookies included. Never `*`, and no origin is let in for what it looks like (ASVS 3.4.2).
 */
export class Pages {
  /** The origins of all clients. The issuer's own is not another one, and keeps all its clients. */
  readonly #origins: ReadonlySet<string>

  constructor({ clients, name }: Pick<Issuer, 'clients' | 'name'>) {
    const listed = [...clients.values()].flatMap(({ origins }) => origins)
    this.#origins = new Set(listed.filter((origin) => origin !== new URL(name).origin))
  }

  /** The door's options for the endpoints: a listed page may send what another site may not (CSRF). */
  trusted(options: TransportOptions): TransportOptions {
    if (this.#origins.size === 0) return options
    return { ...options, trustedOrigins: [...(options.trustedOrigins ?? []), ...this.#origins] }
  }

  /** The answer to a listed page's preflight; null for every other request. */
  preflight({ method, headers }: Request): Response | null {
    const asks = method === 'OPTIONS' && headers.has('access-control-request-method')
    const isListed = this.#origins.has(headers.get('origin') ?? '')
    return asks && isListed ? new Response(null, { status: 204, headers: PREFLIGHT }) : null
  }

  /** Whether the page that sends this acts for a client of its own: an origin is listed for one, not for all. */
  admits({ headers }: Request, client: TokenClient): boolean {
    const origin = headers.get('origin') ?? ''
    return !this.#origins.has(origin) || client.origins.includes(origin)
  }

  /** Lets a listed page read this answer. */
  share({ headers }: Request, response: Response): Response {
    if (this.#origins.size === 0) return response
    response.headers.append('Vary', 'Origin')
    const origin = headers.get('origin') ?? ''
    if (!this.#origins.has(origin)) return response
    response.headers.set('Access-Control-Allow-Origin', origin)
    response.headers.set('Access-Control-Allow-Credentials', 'true')
    response.headers.set('Access-Control-Expose-Headers', READABLE)
    return response
  }
}
