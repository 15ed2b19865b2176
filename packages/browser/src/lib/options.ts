/** The user has not done anything for a while, and the session is about to end for that. */
export interface IdleWarning {
  /** Milliseconds until the session ends. */
  readonly endsIn: number
}

/** What `createTokenClient` needs to know. Durations are milliseconds. */
export interface BrowserClientOptions {
  /** The id that the server knows this client by. */
  readonly clientId: string
  /** Where the endpoints `issue`, `token` and `token/revoke` are: a path of this origin, or an address at one of `origins`. Default `/auth`. */
  readonly endpoints?: string
  /** Origins that get the access token beside this page's own, such as `https://api.example.com`. */
  readonly origins?: readonly string[]
  /** The scope that a sign-in asks for, space separated. */
  readonly scope?: string
  /** Binds tokens to a key that no script can take out of this browser (RFC 9449). Default `false`. */
  readonly dpop?: boolean
  /**
   * Keeps the refresh token in IndexedDB, encrypted under a key that scripts can use but not read, instead of leaving it to an
   * HttpOnly cookie. The token stands nowhere in the clear. That does **not** protect it from a script that runs in this page
   * (XSS), which can ask the same key to decrypt, nor from whoever copies the browser's whole profile, where the key is too.
   * Prefer the cookie. Deleted at sign-out.
   */
  readonly persist?: 'indexeddb'
  /** How long before the idle end `onIdleWarning` is called. Default 60,000. */
  readonly idleWarning?: number
  /** Milliseconds after which an endpoint counts as not reachable. Default 10,000. */
  readonly timeout?: number
  /** Called when the session is about to end for want of activity; with null when that is over. */
  readonly onIdleWarning?: (warning: IdleWarning | null) => void
}

export interface ResolvedOptions {
  readonly clientId: string
  /** Absolute, ends with `/`. */
  readonly endpoints: string
  readonly origins: ReadonlySet<string>
  readonly scope: string | undefined
  readonly dpop: boolean
  readonly persist: boolean
  readonly idleWarning: number
  readonly timeout: number
  readonly onIdleWarning: (warning: IdleWarning | null) => void
}

/** Fills in the defaults. Throws a TypeError that names the option. */
export function resolveOptions(options: BrowserClientOptions): ResolvedOptions {
  const {
    clientId,
    endpoints = '/auth',
    origins = [],
    scope,
    dpop = false,
    persist,
    idleWarning = 60_000,
    timeout = 10_000,
    onIdleWarning = () => undefined,
    ...others
  } = options
  const [unknown] = Object.keys(others)
  // A typing error must not turn a safeguard off.
  if (unknown !== undefined) refuse(unknown, 'is no option')
  if (typeof clientId !== 'string' || clientId === '') refuse('clientId', 'must be a text')
  if (persist !== undefined && persist !== 'indexeddb') refuse('persist', "must be 'indexeddb'")
  for (const [name, value] of Object.entries({ idleWarning, timeout })) {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 31)
      refuse(name, 'must be milliseconds')
  }
  const allowed = new Set([location.origin, ...origins.map(originOf)])
  const base = new URL(endpoints.replace(/\/*$/, '/'), location.href)
  if (!allowed.has(base.origin)) refuse('endpoints', 'must be at an allowed origin')
  return {
    clientId,
    endpoints: base.href,
    origins: allowed,
    scope,
    dpop,
    persist: persist !== undefined,
    idleWarning,
    timeout,
    onIdleWarning,
  }
}

/** Tokens travel encrypted, except to this machine itself. */
function originOf(text: string): string {
  const { origin, protocol, hostname } = new URL(text)
  const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)
  if (origin !== text || (protocol !== 'https:' && !loopback))
    refuse('origins', 'must be https origins')
  return origin
}

function refuse(name: string, why: string): never {
  throw new TypeError(`createTokenClient: ${name} ${why}`)
}
