import { type HeaderValue, malformed, singleValue } from './header-value.js'
import { checkOptions, checkStrings, shown } from './options.js'
import { canonicalOrigin, parseOrigin, type Scheme } from './origin-value.js'

/** What of a request decides whether another site may have caused it. Plain data: no `Headers` needed. */
export interface OriginRequest {
  readonly method: string
  /** How the client reached the server, as `createProxyTrust` tells it. */
  readonly scheme: Scheme
  /** `host[:port]` that the client asked for. */
  readonly host: string | null | undefined
  readonly secFetchSite?: HeaderValue
  readonly secFetchMode?: HeaderValue
  readonly secFetchDest?: HeaderValue
  readonly origin?: HeaderValue
  readonly referer?: HeaderValue
}

/** Why a request was refused. For events and logs; the client sees only a 403. */
export type OriginRefusal =
  | 'cross_site'
  | 'same_site'
  | 'not_navigation'
  | 'origin_mismatch'
  | 'origin_null'
  | 'no_origin'
  | 'bad_host'
  | 'multiple_values'

export type OriginDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: OriginRefusal }

export interface OriginCheckOptions {
  /**
   * Other origins whose pages may make unsafe requests, each exactly as a browser writes it: scheme, host, and
   * port unless it is the default one, such as `'https://admin.example.com'`. No wildcards. Default: none.
   */
  readonly trustedOrigins?: readonly string[]
}

const allowed: OriginDecision = Object.freeze({ allowed: true })
const noOrigins: ReadonlySet<string> = new Set()
/** A comma before a second URL: lines of Referer that something joined. A comma alone may be part of one URL. */
const joinedReferers = /,[ \t]*[A-Za-z][A-Za-z0-9+.-]*:\/\//

/**
 * Tells whether a method promises to change nothing.
 *
 * GET, HEAD and OPTIONS, in upper case as methods are; everything else, TRACE and unknown methods included, is
 * unsafe. Source: RFC 9110 §9.2.1; ASVS 5.0 3.5.3.
 */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

/**
 * Makes the check that refuses requests which another site caused the browser to send (CSRF).
 *
 * Shape: a function from an {@link OriginRequest} to a decision; it never throws and keeps nothing.
 * Safe methods pass. Otherwise `Sec-Fetch-Site` decides: `same-origin` passes unless Origin names another origin,
 * `none` passes for navigations, `same-site` and `cross-site` pass only for a trusted Origin. Where it is absent or
 * unknown, Origin decides, else the origin of Referer; with neither, the request is refused.
 * Throws TypeError naming the entry if a trusted origin is not exactly one origin.
 * Edge: a header sent more than once is refused. `Origin: null` beside `same-origin` passes: browsers send that for
 * forms of pages with `Referrer-Policy: no-referrer`, and no page can forge `Sec-Fetch-Site`.
 * Source: Fetch Metadata §2; OWASP CSRF cheat sheet; ASVS 5.0 3.5.1, 3.5.3; RFC 6454 §7.
 */
export function createOriginCheck(
  options: OriginCheckOptions = {},
): (request: OriginRequest) => OriginDecision {
  checkOptions(options, 'originCheck', ['trustedOrigins'])
  const trusted = checkTrustedOrigins(options.trustedOrigins ?? [])
  return (request) => (isSafeMethod(request.method) ? allowed : decide(request, trusted))
}

function checkTrustedOrigins(origins: readonly string[]): ReadonlySet<string> {
  checkStrings(origins, 'trustedOrigins')
  for (const [index, origin] of origins.entries()) {
    const canonical = parseOrigin(origin)
    if (canonical !== origin) {
      const hint =
        canonical === undefined ? "an exact origin such as 'https://example.com'" : shown(canonical)
      throw new TypeError(`trustedOrigins[${index}] must be ${hint}; got ${shown(origin)}`)
    }
  }
  return new Set(origins)
}

/** The headers of one request, each known to occur at most once. */
interface SingleHeaders {
  readonly site: string | undefined
  readonly mode: string | undefined
  readonly dest: string | undefined
  readonly origin: string | undefined
  readonly referer: string | undefined
}

function decide(request: OriginRequest, trusted: ReadonlySet<string>): OriginDecision {
  const headers = singleHeaders(request)
  if (headers === malformed) return refuse('multiple_values')
  switch (headers.site) {
    case 'same-origin':
      return decideClaimedOwn(request, headers.origin)
    case 'none':
      return isNavigation(headers)
        ? decideClaimedOwn(request, headers.origin)
        : refuse('not_navigation')
    case 'same-site':
      return isTrusted(headers.origin, trusted) ? allowed : refuse('same_site')
    case 'cross-site':
      return isTrusted(headers.origin, trusted) ? allowed : refuse('cross_site')
    case undefined:
    default:
      return decideByOrigin(request, headers, trusted)
  }
}

/** The browser says that no other site is involved: Origin may be missing or opaque, but must not disagree. */
function decideClaimedOwn(request: OriginRequest, origin: string | undefined): OriginDecision {
  return origin === undefined || origin === 'null' ? allowed : compare(request, origin, noOrigins)
}

function decideByOrigin(
  request: OriginRequest,
  { origin, referer }: SingleHeaders,
  trusted: ReadonlySet<string>,
): OriginDecision {
  if (origin !== undefined) return compare(request, origin, trusted)
  if (referer === undefined || referer === '') return refuse('no_origin')
  if (joinedReferers.test(referer)) return refuse('multiple_values')
  return compare(request, originOfUrl(referer), trusted)
}

function compare(
  request: OriginRequest,
  origin: string,
  trusted: ReadonlySet<string>,
): OriginDecision {
  if (origin === 'null') return refuse('origin_null')
  const own = canonicalOrigin(request.scheme, request.host ?? '')
  if (own === undefined) return refuse('bad_host')
  const other = parseOrigin(origin)
  return other !== undefined && (other === own || trusted.has(other))
    ? allowed
    : refuse('origin_mismatch')
}

function isTrusted(origin: string | undefined, trusted: ReadonlySet<string>): boolean {
  const parsed = trusted.size === 0 || origin === undefined ? undefined : parseOrigin(origin)
  return parsed !== undefined && trusted.has(parsed)
}

/** A plugin's `object` or `embed` is fetched in mode `navigate` too, but nobody navigated. */
function isNavigation({ mode, dest }: SingleHeaders): boolean {
  return mode === 'navigate' && dest !== 'object' && dest !== 'embed'
}

function singleHeaders(request: OriginRequest): SingleHeaders | typeof malformed {
  const site = withoutComma(request.secFetchSite)
  const mode = withoutComma(request.secFetchMode)
  const dest = withoutComma(request.secFetchDest)
  const origin = withoutComma(request.origin)
  const referer = singleValue(request.referer)
  if (site === malformed || mode === malformed || dest === malformed) return malformed
  if (origin === malformed || referer === malformed) return malformed
  return { site, mode, dest, origin, referer }
}

/** No single value of these headers has a comma, so one means lines that something joined. */
function withoutComma(header: HeaderValue): string | typeof malformed | undefined {
  const value = singleValue(header)
  return typeof value === 'string' && value.includes(',') ? malformed : value
}

function originOfUrl(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return ''
  }
}

function refuse(reason: OriginRefusal): OriginDecision {
  return { allowed: false, reason }
}
