import { SessionError } from '@holdfast/core'
import type { CookiePolicy, CookieVariant } from './cookie-policy.js'
import { shown } from './options.js'

/** Longest name plus value, in bytes, that a browser keeps (RFC 6265bis §5.6; ASVS 5.0 3.3.5). */
export const longestCookie = 4096
/** Longest Max-Age in seconds: 400 days (RFC 6265bis §5.5). */
export const longestMaxAge = 34_560_000

/** Which form of the cookie is written. */
export interface ExpireCookieOptions {
  /** The form for plain HTTP on loopback; needs a policy resolved with `development: true`. Default `false`. */
  readonly development?: boolean
}

/** How long the cookie lives, and which form of it is written. */
export interface SerializeCookieOptions extends ExpireCookieOptions {
  /**
   * How long the browser keeps the cookie, in milliseconds, normally what is left of the absolute life.
   * Written in whole seconds, rounded down, at least 0 and at most 34,560,000 (400 days).
   * Default: none, so that the cookie ends with the browser session.
   */
  readonly maxAge?: number
  /** Epoch milliseconds from which Expires counts. Default: the system's clock. */
  readonly now?: number
}

/** Base62 and `-`: a part of RFC 6265 §4.1.1 cookie-octet that every reader takes without decoding. */
const valuePattern = /^[0-9A-Za-z-]+$/

/**
 * Writes the Set-Cookie value that gives the browser a session token.
 *
 * Shape: `name=value; Path=/; …`, with both Max-Age and Expires if `maxAge` is given, else with neither.
 * Throws SessionError `ERR_SESSION_COOKIE_INVALID`, which never quotes the value, if the value is empty, is not
 * base62 and `-`, or if name and value together exceed 4096 bytes; TypeError for a wrong `maxAge` or `now`, or for
 * `development` under a policy without that form. Edge: a `maxAge` under one second deletes the cookie.
 * Source: RFC 6265bis §4.1.1, §5.5, §5.6; ASVS 5.0 3.3.4, 3.3.5.
 */
export function serializeCookie(
  policy: CookiePolicy,
  value: string,
  options: SerializeCookieOptions = {},
): string {
  const cookie = variantOf(policy, options.development)
  if (typeof value !== 'string' || !valuePattern.test(value)) {
    throw new SessionError(
      'ERR_SESSION_COOKIE_INVALID',
      'The cookie value must be base62 and hyphens, and not empty',
    )
  }
  // Both are ASCII by now, so characters are bytes.
  const size = cookie.name.length + value.length
  if (size > longestCookie) {
    const message = `Cookie name and value take ${size} bytes; browsers drop more than ${longestCookie}`
    throw new SessionError('ERR_SESSION_COOKIE_INVALID', message)
  }
  const written = `${cookie.name}=${value}${cookie.attributes}`
  return options.maxAge === undefined ? written : written + lifetime(options.maxAge, options.now)
}

/**
 * Writes the Set-Cookie value that makes the browser delete the session cookie.
 *
 * Shape: an empty value with the same name, path and domain, `Max-Age=0` and Expires in 1970.
 * Throws TypeError for `development` under a policy without that form. Source: RFC 6265bis §4.1.2, §5.7.
 */
export function expireCookie(policy: CookiePolicy, options: ExpireCookieOptions = {}): string {
  return variantOf(policy, options.development).expired
}

function variantOf(policy: CookiePolicy, development: boolean | undefined): CookieVariant {
  if (development !== true) return policy
  if (policy.loopback === undefined) {
    throw new TypeError(
      'development needs a cookie policy that was resolved with development: true',
    )
  }
  return policy.loopback
}

function lifetime(maxAge: number, now: number = Date.now()): string {
  if (!Number.isFinite(maxAge)) {
    throw new TypeError(`maxAge must be a finite number of milliseconds; got ${shown(maxAge)}`)
  }
  const seconds = Math.min(Math.max(Math.floor(maxAge / 1000), 0), longestMaxAge)
  const expires = new Date(seconds === 0 ? 0 : now + seconds * 1000)
  if (Number.isNaN(expires.getTime())) {
    throw new TypeError(`now must be epoch milliseconds; got ${shown(now)}`)
  }
  return `; Max-Age=${seconds}; Expires=${expires.toUTCString()}`
}
