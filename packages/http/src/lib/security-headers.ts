import { checkOptions, checkStrings, shown } from './options.js'

/** What a browser can be told to clear (Clear Site Data §3.1). */
export type ClearSiteDataType =
  | 'cache'
  | 'cookies'
  | 'storage'
  | 'executionContexts'
  | 'clientHints'
  | 'prefetchCache'
  | 'prerenderCache'
  | '*'

export interface SecurityHeadersOptions {
  /** The whole Content-Security-Policy. Default: {@link securityHeaders} names it. */
  readonly contentSecurityPolicy?: string
  /** Whether to send Strict-Transport-Security; `false` is for development on plain HTTP. Default `true`. */
  readonly strictTransportSecurity?: boolean
}

const clearable: ReadonlySet<string> = new Set<ClearSiteDataType>([
  'cache',
  'cookies',
  'storage',
  'executionContexts',
  'clientHints',
  'prefetchCache',
  'prerenderCache',
  '*',
])
const defaultPolicy =
  "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
/** Two years in seconds, with sub-domains: twice what ASVS 3.4.1 asks for. */
const transportSecurity = 'max-age=63072000; includeSubDomains'
/** RFC 9110 §5.5: visible ASCII and blanks. */
const headerValuePattern = /^[\x20-\x7E\t]+$/

/**
 * The Clear-Site-Data value for the response to a logout.
 *
 * Default: `"cache","cookies","storage"`. Throws TypeError for an unknown type or an empty list.
 * Edge: `"cookies"` clears those of the whole registrable domain, sub-domains included.
 * Source: Clear Site Data §3.1; ASVS 5.0 14.3.1.
 */
export function clearSiteData(
  types: readonly ClearSiteDataType[] = ['cache', 'cookies', 'storage'],
): string {
  checkStrings(types, 'clearSiteData')
  if (types.length === 0) throw new TypeError('clearSiteData must name at least one type')
  for (const [index, type] of types.entries()) {
    if (!clearable.has(type)) {
      throw new TypeError(
        `clearSiteData[${index}] must be one of ${[...clearable].join(', ')}; got ${shown(type)}`,
      )
    }
  }
  return types.map((type) => `"${type}"`).join(',')
}

/**
 * The security headers of a page or endpoint that deals with sessions, such as a login form.
 *
 * Shape: a plain record of header name to value: HSTS of two years with sub-domains, nosniff, no referrer, a policy
 * of own content only and no framing, and same-origin opener and resource policies.
 * Throws TypeError naming the option. Edge: without referrer, browsers send `Origin: null` with the page's own forms;
 * `createOriginCheck` allows for it where the browser sends `Sec-Fetch-Site`.
 * Source: ASVS 5.0 3.4.1 to 3.4.8, 3.5.8; RFC 6797 §6.1.
 */
export function securityHeaders(
  options: SecurityHeadersOptions = {},
): Readonly<Record<string, string>> {
  checkOptions(options, 'securityHeaders', ['contentSecurityPolicy', 'strictTransportSecurity'])
  const { contentSecurityPolicy = defaultPolicy, strictTransportSecurity = true } = options
  if (
    typeof contentSecurityPolicy !== 'string' ||
    !headerValuePattern.test(contentSecurityPolicy)
  ) {
    throw new TypeError(
      `contentSecurityPolicy must be one line of ASCII; got ${shown(contentSecurityPolicy)}`,
    )
  }
  if (typeof strictTransportSecurity !== 'boolean') {
    throw new TypeError(
      `strictTransportSecurity must be a boolean; got ${shown(strictTransportSecurity)}`,
    )
  }
  return {
    ...(strictTransportSecurity ? { 'Strict-Transport-Security': transportSecurity } : {}),
    'Content-Security-Policy': contentSecurityPolicy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  }
}
