import { type HeaderValue, malformed, singleValue } from './header-value.js'

/** RFC 9110 §8.3.1: type "/" subtype, then nothing or parameters. */
const mediaTypePattern =
  /^[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*(?:;[^,]*)?$/
const simpleTypes: ReadonlySet<string> = new Set([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
])

/**
 * Tells whether any site can make a browser send a body of this Content-Type without a CORS preflight.
 *
 * `true` for the three CORS-safelisted types with any parameters, and for whatever cannot be read as exactly one media
 * type, absence included, since a parser may still take it for one of them. Never throws.
 * Source: Fetch §2.2.2 (CORS-safelisted request-header); ASVS 5.0 3.5.2; WSTG-SESS-05.
 */
export function isSimpleContentType(contentType: HeaderValue): boolean {
  const value = singleValue(contentType)
  if (value === undefined || value === malformed) return true
  const essence = mediaTypePattern.exec(value)?.[1]
  return essence === undefined || simpleTypes.has(essence.toLowerCase())
}
