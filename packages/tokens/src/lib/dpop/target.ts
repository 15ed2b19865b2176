/** An absolute http URL without spaces, control characters and backslashes, which parsers read in their own ways. */
const ABSOLUTE = /^https?:\/\/[!-.0-[\]-~][!-[\]-~]*$/i

const ESCAPE = /%[0-9a-f]{2}/gi
const UNRESERVED = /[\w.~-]/

/**
 * Whether a proof's `htu` names where a request went: the same URL in any of RFC 3986's equivalent spellings (§6.2.2,
 * §6.2.3). The request's query does not count (RFC 9449 §4.3); an `htu` that has a query, a fragment or a user is refused.
 */
export function sameTarget(htu: unknown, url: string): boolean {
  if (typeof htu !== 'string' || /[?#]/.test(htu)) return false
  const claimed = normalize(htu)
  return claimed !== null && claimed === normalize(url.replace(/[?#].*$/s, ''))
}

/** Scheme, host, port and path in the one normal form; null for what is no absolute http URL. */
function normalize(text: string): string | null {
  if (!ABSOLUTE.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return null
  return `${url.protocol}//${url.host}${url.pathname.replaceAll(ESCAPE, normalizeEscape)}`
}

/** Letters that need no escape are written plainly; the others with capitals. */
function normalizeEscape(escape: string): string {
  const letter = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
  return UNRESERVED.test(letter) ? letter : escape.toUpperCase()
}
