import { type MaybePromise, SessionError, type Sessions } from '@holdfast/core'
import type { OpenSession, RequestFacts, TokenKeys } from '@holdfast/core/engine'
import { readBearer } from './bearer.js'
import {
  type CookieOptions,
  type CookiePolicy,
  type CookieVariant,
  resolveCookie,
} from './cookie-policy.js'
import { readCookies } from './cookie-read.js'
import { type HeaderValue, malformed, type Presented } from './header-value.js'
import { shown } from './options.js'
import { createOriginCheck, isSafeMethod, type OriginCheckOptions } from './origin.js'
import { type ClientConnection, createProxyTrust, type ProxyTrustOptions } from './proxy.js'

/** How a door to the web reads requests and writes cookies. */
export interface TransportOptions extends ProxyTrustOptions, OriginCheckOptions {
  /** Name and scope of the cookie. Default `__Host-session`, SameSite=Lax. */
  readonly cookie?: CookieOptions
  /**
   * Also work over plain HTTP on loopback, with a cookie named without its prefix and without `Secure`. Default `false`:
   * over plain HTTP no cookie is set, and what would need one throws `ERR_SESSION_INSECURE_TRANSPORT`.
   */
  readonly development?: boolean
  /** Read the session token from `Authorization: Bearer` where no cookie is sent. Default `false`. */
  readonly bearer?: boolean
}

/** A request as an adapter sees it; each part is read only when it is needed. */
export interface IncomingRequest {
  readonly method: string
  /** Address at the other end of the socket. */
  readonly peer: string | undefined
  /** Whether that socket itself is TLS. */
  readonly encrypted: boolean
  /** Why no cookie may be set in answer to this request, whatever it came over; nothing if one may. */
  readonly refusal?: string | null
  /** One request header by its lower-case name. */
  header(name: string): HeaderValue
}

/** What the adapters share: everything between a request and its session that is not the framework's own. */
export interface Transport {
  readonly cookie: CookiePolicy
  /** Throws `ERR_SESSION_CSRF` for an unsafe request that another site caused. Touches no store. */
  assertSameOrigin(request: IncomingRequest): void
  /** Opens the request's session. Errors: store errors, upon which the request is refused (`statusOf`: 503). */
  open(request: IncomingRequest, countsAsActivity: boolean): MaybePromise<OpenSession>
  /** What is known of a request whose credential this transport does not read. */
  facts(request: IncomingRequest, countsAsActivity: boolean): RequestFacts
  /** The form of the cookie that goes with this request. */
  variantFor(request: IncomingRequest): CookieVariant
}

const PLAIN_HTTP =
  'a session cookie is not set over plain HTTP. Behind a proxy that ends TLS, list it in trustProxy and let it send X-Forwarded-Proto; on localhost, set development: true'

/** Makes the transport of one manager. Throws `TypeError` naming a wrong option. */
export function createTransport<Data extends object>(
  sessions: Sessions<Data>,
  options: TransportOptions = {},
): Transport {
  return new HttpTransport(sessions, options)
}

class HttpTransport<Data extends object> implements Transport {
  readonly cookie: CookiePolicy
  readonly #sessions: Sessions<Data>
  readonly #secureKeys: TokenKeys
  readonly #loopbackKeys: TokenKeys | undefined
  readonly #bearer: boolean
  readonly #behindProxy: boolean
  readonly #seeThrough: ReturnType<typeof createProxyTrust>
  readonly #checkOrigin: ReturnType<typeof createOriginCheck>

  constructor(sessions: Sessions<Data>, options: TransportOptions) {
    const { cookie, development = false, bearer = false, trustedOrigins, ...proxy } = options
    checkFlag(development, 'development')
    checkFlag(bearer, 'bearer')
    this.cookie = resolveCookie(cookie, { development })
    this.#sessions = sessions
    this.#secureKeys = sessions.tokenKeys(this.cookie.name)
    this.#loopbackKeys = this.cookie.loopback && sessions.tokenKeys(this.cookie.loopback.name)
    this.#bearer = bearer
    this.#behindProxy = (proxy.trustProxy ?? []).length > 0
    this.#seeThrough = createProxyTrust(proxy)
    this.#checkOrigin = createOriginCheck(trustedOrigins === undefined ? {} : { trustedOrigins })
  }

  assertSameOrigin(request: IncomingRequest): void {
    if (isSafeMethod(request.method)) return
    const { scheme, host } = this.#connection(request)
    const decision = this.#checkOrigin({
      method: request.method,
      scheme,
      host,
      secFetchSite: request.header('sec-fetch-site'),
      secFetchMode: request.header('sec-fetch-mode'),
      secFetchDest: request.header('sec-fetch-dest'),
      origin: request.header('origin'),
      referer: request.header('referer'),
    })
    if (decision.allowed) return
    this.#sessions.refusedCrossSite(this.facts(request, true), decision.reason)
    throw new SessionError(
      'ERR_SESSION_CSRF',
      `the request does not come from this site (${decision.reason}); list other sites of yours in trustedOrigins`,
    )
  }

  open(request: IncomingRequest, countsAsActivity: boolean): MaybePromise<OpenSession> {
    const cookie = this.variantFor(request)
    const keys =
      cookie === this.cookie ? this.#secureKeys : (this.#loopbackKeys ?? this.#secureKeys)
    const presented = this.#presented(request, cookie.name)
    const chosen = chooseToken(presented, keys, cookie.name)
    return this.#sessions.open(keys, new Facts(this, request, chosen, countsAsActivity))
  }

  facts(request: IncomingRequest, countsAsActivity: boolean): RequestFacts {
    return new Facts(this, request, NOTHING, countsAsActivity)
  }

  variantFor(request: IncomingRequest): CookieVariant {
    const { loopback } = this.cookie
    if (loopback === undefined || request.encrypted) return this.cookie
    if (!this.#behindProxy) return loopback
    return this.#connection(request).scheme === 'https' ? this.cookie : loopback
  }

  /** Why no cookie may be set on this connection; null if one may. */
  refusal(request: IncomingRequest): string | null {
    const own = request.refusal ?? null
    if (own !== null || request.encrypted) return own
    const connection = this.#connection(request)
    if (connection.scheme === 'https') return null
    return this.cookie.loopback !== undefined && connection.loopback ? null : PLAIN_HTTP
  }

  address(request: IncomingRequest): string | null {
    return this.#connection(request).address ?? null
  }

  #connection(request: IncomingRequest): ClientConnection {
    const { peer, encrypted } = request
    return this.#seeThrough({
      peer,
      encrypted,
      host: first(request.header('host') ?? request.header(':authority')),
      forwardedFor: request.header('x-forwarded-for'),
      forwardedProto: request.header('x-forwarded-proto'),
      forwardedHost: request.header('x-forwarded-host'),
      forwarded: request.header('forwarded'),
    })
  }

  #presented(request: IncomingRequest, name: string): Presented {
    const presented = readCookies(request.header('cookie'), name)
    return presented === undefined && this.#bearer
      ? readBearer(request.header('authorization'))
      : presented
  }
}

function checkFlag(value: unknown, path: string): void {
  if (typeof value !== 'boolean')
    throw new TypeError(`${path} must be true or false; got ${shown(value)}`)
}

/** The one token of a request that counts, or why none does. */
export interface Choice {
  readonly token: string | null
  readonly rejection: 'malformed' | 'ambiguous' | null
}

const NOTHING: Choice = { token: null, rejection: null }

/**
 * Of several cookies of our name, the one whose tag is right, if it is the only one and nobody but this host could have set
 * it; otherwise none: an attacker on a sibling host can add cookies, and must not choose the session.
 */
export function chooseToken(
  presented: Presented,
  keys: Pick<TokenKeys, 'check'>,
  name: string,
): Choice {
  if (presented === undefined) return NOTHING
  if (typeof presented === 'string') return { token: presented, rejection: null }
  if (presented === malformed) return { token: null, rejection: 'malformed' }
  const valid = name.startsWith('__Host-') ? presented.filter((token) => keys.check(token)) : []
  const [only] = valid
  return valid.length === 1 && only !== undefined
    ? { token: only, rejection: null }
    : { token: null, rejection: 'ambiguous' }
}

/** What the engine may ask about the request, answered when it asks. */
class Facts<Data extends object> implements RequestFacts {
  readonly token: string | null
  readonly rejection: 'malformed' | 'ambiguous' | null
  readonly countsAsActivity: boolean
  readonly #transport: HttpTransport<Data>
  readonly #request: IncomingRequest

  constructor(
    transport: HttpTransport<Data>,
    request: IncomingRequest,
    choice: Choice,
    countsAsActivity: boolean,
  ) {
    this.#transport = transport
    this.#request = request
    this.token = choice.token
    this.rejection = choice.rejection
    this.countsAsActivity = countsAsActivity
  }

  get address(): string | null {
    return this.#transport.address(this.#request)
  }

  get userAgent(): string | null {
    return first(this.#request.header('user-agent')) ?? null
  }

  get refusal(): string | null {
    return this.#transport.refusal(this.#request)
  }
}

function first(header: HeaderValue): string | undefined {
  return typeof header === 'string' ? header : (header?.[0] ?? undefined)
}
