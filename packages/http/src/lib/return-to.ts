import { shown } from './options.js'

/** Longest path, in characters, before and after normalising. */
const longestPath = 2048
const dummyOrigin = 'https://holdfast.invalid'

/** Backslash, control characters (C0, DEL, C1), line and paragraph separators, lone surrogates. */
const forbiddenPattern = /[\\\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u
/** An encoded first character that becomes `//`, `/\` or a new line if something decodes it, once or often. */
const encodedStartPattern = /^\/(?:%(?:25)*(?:2f|5c|0[0-9a-f]|1[0-9a-f]|7f))/i

/**
 * Keeps a "return to" address from leading to another site.
 *
 * Shape: path, query and fragment as the WHATWG URL parser normalises them, always beginning with one `/`.
 * Default: `fallback`, itself `'/'` by default, for whatever is not a path of this origin: other types, absolute and
 * scheme-relative URLs, backslashes, control characters, lone surrogates, more than 2048 characters, and paths that
 * normalise or decode to such. Throws TypeError if `fallback` is not such a path. Edge: relative paths are refused.
 * Source: ASVS 5.0 3.7.2; OWASP Unvalidated Redirects and Forwards cheat sheet.
 */
export function safeReturnTo(value: unknown, fallback: string = '/'): string {
  const home = fallback === '/' ? fallback : pathOfThisOrigin(fallback)
  if (home === undefined) {
    throw new TypeError(
      `fallback must be a path of this origin such as '/home'; got ${shown(fallback)}`,
    )
  }
  return pathOfThisOrigin(value) ?? home
}

function pathOfThisOrigin(value: unknown): string | undefined {
  if (typeof value !== 'string' || !isRootedPath(value)) return undefined
  const url = parse(value)
  if (url === undefined || url.origin !== dummyOrigin || url.username !== '' || url.password !== '')
    return undefined
  const path = `${url.pathname}${url.search}${url.hash}`
  // Again: `/.//host` and `/x/..//host` become `//host` only by normalising.
  return isRootedPath(path) ? path : undefined
}

function isRootedPath(value: string): boolean {
  if (value.length > longestPath || !value.startsWith('/') || value.startsWith('//')) return false
  return !forbiddenPattern.test(value) && !encodedStartPattern.test(value)
}

function parse(path: string): URL | undefined {
  try {
    return new URL(path, dummyOrigin)
  } catch {
    return undefined
  }
}
