import { type HeaderValue, malformed, singleValue } from './header-value.js'

/** Longest bearer Authorization header, in characters, that is read. */
export const longestAuthorization = 16_384

/** RFC 9110 §11.1: the scheme is case-insensitive. RFC 6750 §2.1: one or more spaces, then b64token. */
const schemePattern = /^[ \t]*bearer(?:[ \t,]|$)/i
const bearerPattern = /^[ \t]*bearer +([0-9A-Za-z\-._~+/]+=*)[ \t]*$/i
/** A second set of credentials behind a comma: lines that something joined. */
const joinedPattern = /,[ \t]*bearer(?:[ \t,]|$)/i

/**
 * Reads the token of `Authorization: Bearer <token>`.
 *
 * Shape: the token verbatim, `undefined` if the header is absent or of another scheme, {@link malformed} if it says
 * Bearer without exactly one token in RFC 6750's alphabet, is longer than 16 KiB, or was sent more than once.
 * Never throws. Tokens are read from nowhere else: not from bodies, not from URLs.
 * Source: RFC 6750 §2.1; RFC 9110 §11.6.2; ASVS 5.0 14.2.1.
 */
export function readBearer(authorization: HeaderValue): string | typeof malformed | undefined {
  const value = singleValue(authorization)
  if (value === undefined || value === malformed) return value
  if (joinedPattern.test(value)) return malformed
  if (!schemePattern.test(value)) return undefined
  if (value.length > longestAuthorization) return malformed
  return bearerPattern.exec(value)?.[1] ?? malformed
}
