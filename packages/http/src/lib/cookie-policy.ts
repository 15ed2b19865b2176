import { checkCookieName, checkDomain, checkPath, withoutPrefix } from './cookie-grammar.js'
import { checkOptions, shown } from './options.js'

/** When a browser sends the cookie with requests that another site caused (RFC 6265bis §4.1.2.7). */
export type SameSite = 'lax' | 'strict' | 'none'

/** How the session cookie is named and scoped. `Secure` and `HttpOnly` are always set and are no options. */
export interface CookieOptions {
  /**
   * Name of the cookie, an RFC 6265 token that begins with `__Host-`, `__Host-Http-` or `__Secure-` in exactly
   * this case. Default `__Host-session`, or `__Secure-session` when `domain` is given.
   * Source: RFC 6265bis §4.1.3; ASVS 5.0 3.3.1, 3.3.3.
   */
  readonly name?: string
  /**
   * The SameSite attribute, always written. Default `'lax'`, which lets links and sign-in redirects from other
   * sites arrive with their session; `'strict'` does not. `'none'` needs {@link CookieOptions.acceptCrossSite}.
   * Source: ASVS 5.0 3.3.2; NIST SP 800-63B-4 §5.1.1.
   */
  readonly sameSite?: SameSite
  /** Accepts that `sameSite: 'none'` sends the session with requests of every site. Default: not accepted. */
  readonly acceptCrossSite?: true
  /**
   * Host whose sub-domains share the cookie, such as `'example.com'`. Default: none, so that only the host that
   * set the cookie receives it. Excludes `__Host-` names, and any sub-domain can then overwrite the session.
   */
  readonly domain?: string
  /** Path prefix that receives the cookie. Default `'/'`, the only one that a `__Host-` name allows. */
  readonly path?: string
}

/** One form of the cookie with its attributes ready, so that serialising is a concatenation. */
export interface CookieVariant {
  /** The exact name to read and to write. */
  readonly name: string
  /** Everything that follows the value, beginning with `; `, without Max-Age and Expires. */
  readonly attributes: string
  /** The complete Set-Cookie value that makes a browser delete the cookie. */
  readonly expired: string
}

/** The resolved cookie: its form for HTTPS, and one for plain HTTP on loopback if development asked for it. */
export interface CookiePolicy extends CookieVariant {
  readonly sameSite: SameSite
  readonly path: string
  readonly domain: string | undefined
  /** Without prefix, `Secure` and domain, for `http://localhost`. `undefined` unless in development. */
  readonly loopback: CookieVariant | undefined
  /** What is allowed but weaker than the default, one sentence each, to be logged once at start. */
  readonly warnings: readonly string[]
}

/** What {@link resolveCookie} needs to know beside the cookie's own options. */
export interface ResolveCookieContext {
  /** Also yield the form for plain HTTP on loopback. Default `false`. */
  readonly development?: boolean
}

const sameSiteText: Readonly<Record<SameSite, string>> = {
  lax: '; SameSite=Lax',
  strict: '; SameSite=Strict',
  none: '; SameSite=None',
}
const optionNames = ['name', 'sameSite', 'acceptCrossSite', 'domain', 'path']

/**
 * Checks the options of the session cookie and prepares its attributes.
 *
 * Shape: a frozen policy. Default: `__Host-session; Path=/; Secure; HttpOnly; SameSite=Lax`, without domain.
 * Throws TypeError naming the option for a wrong value, an unknown option, or a combination that browsers refuse.
 * Source: RFC 6265bis §4.1.3 and §5.6; ASVS 5.0 3.3.1 to 3.3.5; NIST SP 800-63B-4 §5.1.1.
 */
export function resolveCookie(
  options: CookieOptions = {},
  context: ResolveCookieContext = {},
): CookiePolicy {
  checkOptions(options, 'cookie', optionNames)
  const sameSite = checkSameSite(options)
  const { domain, path = '/' } = options
  if (domain !== undefined) checkDomain(domain)
  checkPath(path)
  const name = options.name ?? (domain === undefined ? '__Host-session' : '__Secure-session')
  checkCookieName(name)
  checkScope(name, domain, path)
  const scope = `; Path=${path}${domain === undefined ? '' : `; Domain=${domain}`}`
  return Object.freeze({
    ...variant(name, `${scope}; Secure; HttpOnly${sameSiteText[sameSite]}`),
    sameSite,
    path,
    domain,
    loopback: context.development === true ? loopbackVariant(name, path, sameSite) : undefined,
    warnings: Object.freeze(warningsOf(sameSite, domain)),
  })
}

function checkSameSite({ sameSite = 'lax', ...options }: CookieOptions): SameSite {
  const acceptCrossSite: unknown = options.acceptCrossSite
  if (typeof sameSite !== 'string' || !Object.hasOwn(sameSiteText, sameSite)) {
    throw new TypeError(`cookie.sameSite must be 'lax', 'strict' or 'none'; got ${shown(sameSite)}`)
  }
  if (acceptCrossSite !== undefined && acceptCrossSite !== true) {
    throw new TypeError(
      `cookie.acceptCrossSite must be true or absent; got ${shown(acceptCrossSite)}`,
    )
  }
  if (sameSite === 'none' && acceptCrossSite !== true) {
    throw new TypeError("cookie.sameSite 'none' needs cookie.acceptCrossSite: true")
  }
  return sameSite
}

function checkScope(name: string, domain: string | undefined, path: string): void {
  if (!name.startsWith('__Host-')) return
  if (domain !== undefined) {
    throw new TypeError(
      `cookie.domain excludes the __Host- prefix; rename cookie.name ${shown(name)} to __Secure-…`,
    )
  }
  if (path !== '/') {
    throw new TypeError(`cookie.path must be '/' under the __Host- prefix; got ${shown(path)}`)
  }
}

function warningsOf(sameSite: SameSite, domain: string | undefined): string[] {
  const warnings: string[] = []
  if (domain !== undefined) {
    warnings.push(
      `cookie.domain '${domain}': every sub-domain receives the session and can overwrite it (ASVS 3.3.3)`,
    )
  }
  if (sameSite === 'none') {
    warnings.push(
      "cookie.sameSite 'none': every site's requests carry the session, so CSRF tokens must stay on",
    )
  }
  return warnings
}

function variant(name: string, attributes: string): CookieVariant {
  const expired = `${name}=${attributes}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT`
  return Object.freeze({ name, attributes, expired })
}

function loopbackVariant(name: string, path: string, sameSite: SameSite): CookieVariant {
  // Browsers drop SameSite=None without Secure, and a Domain that is not the loopback host.
  const text = sameSiteText[sameSite === 'none' ? 'lax' : sameSite]
  return variant(withoutPrefix(name), `; Path=${path}; HttpOnly${text}`)
}
