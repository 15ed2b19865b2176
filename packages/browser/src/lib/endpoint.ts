import { type Moment, momentAgo } from './clock.js'
import { BrowserClientError, unavailable } from './errors.js'
import { type Grant, readGrant, recordOf } from './grant.js'
import type { ResolvedOptions } from './options.js'
import { type Prover, sendProved } from './proof.js'

/** What the server said: a grant and, for clients that keep it themselves, a refresh token; or that the session has ended. */
export type Answer =
  | { readonly grant: Grant; readonly refreshToken: string | null }
  | { readonly grant: null; readonly reason: string | null }

interface Reply {
  readonly status: number
  readonly body: unknown
  readonly askedAt: Moment
}

const LONGEST_WAIT = 300_000

/** The server's endpoints. What is not the server's own word about the session is `ERR_CLIENT_UNAVAILABLE`. */
export class Endpoint {
  readonly #options: ResolvedOptions
  readonly #prover: Prover | null

  constructor(options: ResolvedOptions, prover: Prover | null) {
    this.#options = options
    this.#prover = prover
  }

  /** Signs in at `path` (by default `issue`). Throws `ERR_CLIENT_REFUSED` for every refusal. */
  async signIn(path: string | undefined, init: RequestInit): Promise<Answer> {
    const { clientId, scope, endpoints, origins } = this.#options
    const url = path === undefined ? `${endpoints}issue` : new URL(path, location.href).href
    if (!origins.has(new URL(url).origin))
      throw new TypeError('signIn: path must be at an allowed origin')
    const body = JSON.stringify({ client_id: clientId, scope })
    const headers = { 'Content-Type': 'application/json' }
    const reply = await this.#post(url, { body, headers, ...init })
    return this.#granted(reply) ?? refuse(reply)
  }

  /** Renews (RFC 6749 §6). Without a refresh token the cookie brings it. */
  async renew(refreshToken: string | null, active: boolean): Promise<Answer> {
    const form = this.#form({ grant_type: 'refresh_token', active: String(active) })
    if (refreshToken !== null) form.set('refresh_token', refreshToken)
    const reply = await this.#post(`${this.#options.endpoints}token`, { body: form })
    const granted = this.#granted(reply)
    if (granted !== null) return granted
    const { error, reason } = recordOf(reply.body)
    // Nothing but this one word signs anybody out.
    if (error !== 'invalid_grant') throw unavailable(reply)
    return { grant: null, reason: typeof reason === 'string' ? reason : null }
  }

  /** Ends the session (RFC 7009). Throws unless the server says that it has. */
  async revoke(refreshToken: string | null): Promise<void> {
    const form = this.#form({ end_session: 'true' })
    if (refreshToken !== null) form.set('token', refreshToken)
    // Without a proof: the key is gone, and nobody gains by ending a session.
    const reply = await this.#post(`${this.#options.endpoints}token/revoke`, { body: form }, null)
    if (reply.status >= 300) refuse(reply)
  }

  #form(fields: Record<string, string>): URLSearchParams {
    return new URLSearchParams({ client_id: this.#options.clientId, ...fields })
  }

  #granted({ status, body, askedAt }: Reply): Answer | null {
    const grant = readGrant(body, askedAt, this.#prover === null ? 'Bearer' : 'DPoP')
    if (status >= 300 || grant === null) return null
    const { refresh_token: refreshToken } = recordOf(body)
    return { grant, refreshToken: typeof refreshToken === 'string' ? refreshToken : null }
  }

  async #post(url: string, init: RequestInit, prover = this.#prover): Promise<Reply> {
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(), this.#options.timeout)
    const askedAt = momentAgo(0)
    try {
      const request = new Request(url, {
        ...init,
        method: 'POST',
        credentials: 'include',
        cache: 'no-store',
        // A token is never carried elsewhere.
        redirect: 'error',
        signal: limit.signal,
      })
      const response = await sendProved(prover, request)
      const { status, headers } = response
      const wait = Number(headers.get('Retry-After') ?? 0) * 1000
      if (status === 429 || status >= 500)
        throw unavailable({ status, wait: wait > 0 ? Math.min(wait, LONGEST_WAIT) : 0 })
      // What is not JSON, such as the page of a portal that stands before the network, is no answer of the server's.
      return { status, body: await response.json(), askedAt }
    } catch (cause) {
      throw cause instanceof BrowserClientError ? cause : unavailable({ cause })
    } finally {
      clearTimeout(timer)
    }
  }
}

function refuse({ status, body }: Reply): never {
  throw new BrowserClientError('ERR_CLIENT_REFUSED', `The server refused with status ${status}`, {
    status,
    body,
  })
}
