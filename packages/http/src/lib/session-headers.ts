import type { CookieAction } from '@holdfast/core/engine'
import { mergeVary, sessionCacheControl } from './cache-headers.js'
import type { CookiePolicy, CookieVariant } from './cookie-policy.js'
import { serializeCookie } from './cookie-write.js'
import type { HeaderValue } from './header-value.js'

/** What the response says already. */
export interface CurrentHeaders {
  readonly cacheControl: HeaderValue
  readonly vary: HeaderValue
}

/** What the session makes of it: undefined where there is nothing to set. */
export interface SessionHeaders {
  readonly cacheControl: string | undefined
  readonly vary: string | undefined
  /** One more Set-Cookie line; those that are there stay. */
  readonly setCookie: string | undefined
}

const UNTOUCHED: SessionHeaders = { cacheControl: undefined, vary: undefined, setCookie: undefined }
const USED: SessionHeaders = { cacheControl: 'no-store', vary: 'Cookie', setCookie: undefined }

/**
 * The response headers of a request whose session was `used`, or whose cookie changes: `Cache-Control: no-store` and
 * `Vary: Cookie`, so that no cache gives one visitor another's page (ASVS 14.2.2), and at most one Set-Cookie.
 */
export function sessionHeaders(
  policy: CookiePolicy,
  variant: () => CookieVariant,
  used: boolean,
  action: CookieAction,
  current: CurrentHeaders,
): SessionHeaders {
  if (action.kind === 'none') {
    if (!used) return UNTOUCHED
    if ((current.cacheControl ?? current.vary ?? undefined) === undefined) return USED
  }
  return {
    cacheControl: sessionCacheControl(current.cacheControl),
    vary: mergeVary(current.vary, 'Cookie'),
    setCookie: action.kind === 'none' ? undefined : setCookie(policy, variant(), action),
  }
}

function setCookie(
  policy: CookiePolicy,
  variant: CookieVariant,
  action: Exclude<CookieAction, { readonly kind: 'none' }>,
): string {
  const development = variant === policy.loopback
  if (action.kind === 'expire') return variant.expired
  return serializeCookie(policy, action.token, {
    development,
    ...(action.maxAge === null ? {} : { maxAge: action.maxAge }),
  })
}
