import { type HeaderValue, joinedValue } from './header-value.js'

const noStore = 'no-store'
/** Directives that let something keep the response in spite of `no-store`, by one reading or another. */
const storing: ReadonlySet<string> = new Set([
  'public',
  's-maxage',
  'immutable',
  'stale-while-revalidate',
  'stale-if-error',
])

/**
 * Adds request header names to a response's Vary.
 *
 * Shape: the value to set; names already there, in any case, are not repeated, and `*` stays `*`.
 * Source: RFC 9110 §12.5.5; ASVS 5.0 14.2.2.
 */
export function mergeVary(current: HeaderValue, ...names: readonly string[]): string {
  const merged = listed(joinedValue(current))
  const present = new Set(merged.map((name) => name.toLowerCase()))
  if (present.has('*')) return '*'
  for (const name of names) {
    const lower = name.toLowerCase()
    if (!present.has(lower)) merged.push(name)
    present.add(lower)
  }
  return merged.join(', ')
}

/**
 * The Cache-Control of a response that used the session.
 *
 * Shape: the value to set. The app's own value stays if it says `no-store` and nothing that contradicts it;
 * everything else, `private`, `no-cache` and `max-age` included, becomes `no-store`.
 * Source: RFC 9111 §5.2.2.5; ASVS 5.0 14.2.2, 14.3.2; OWASP Session Management cheat sheet (web content caching).
 */
export function sessionCacheControl(current: HeaderValue): string {
  const value = joinedValue(current)
  // A quoted list may hold the word no-store without being the directive.
  if (value.includes('"')) return noStore
  const directives = listed(value).map((directive) => directive.toLowerCase())
  return directives.includes(noStore) && !directives.some(allowsStoring) ? value : noStore
}

function allowsStoring(directive: string): boolean {
  const [name = '', argument = ''] = directive.split('=', 2).map((part) => part.trim())
  return storing.has(name) || (name === 'max-age' && argument !== '0')
}

function listed(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
