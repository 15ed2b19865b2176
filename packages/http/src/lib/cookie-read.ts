import { type HeaderValue, malformed, type Presented } from './header-value.js'

/** Longest Cookie header, in characters over all lines, that is searched. */
export const longestCookieHeader = 65_536
/** Most cookies of one name that are handed on; each may cost the caller a MAC. */
export const mostCookiesOfOneName = 8

const tab = 9
const space = 32
const semicolon = 59
const equals = 61

/**
 * Finds every value that the Cookie header gives for exactly `name`.
 *
 * Shape: see {@link Presented}. The name is compared byte by byte; spaces and tabs around name and value are
 * dropped; quotes belong to the value and nothing is percent-decoded. Pairs are separated by `;` alone: a header
 * that something joined with `,` yields one longer value or none, never a second cookie.
 * Several values: an attacker who controls a sub-domain can add one, so which counts is not for this function.
 * Malformed: more than 64 KiB of Cookie header, or more than 8 cookies of this name. Never throws.
 * Cost: one or two `indexOf`, no allocation but the value, which is a slice that keeps the header alive.
 * Source: RFC 6265bis §4.1.3 and §5.7; layered-cookies (a server tolerates several Cookie headers).
 */
export function readCookies(header: HeaderValue, name: string): Presented {
  if (header === undefined || header === null) return undefined
  return typeof header === 'string' ? readLine(header, name) : readLines(header, name)
}

function readLine(header: string, name: string): Presented {
  if (header.length > longestCookieHeader) return malformed
  let first: string | undefined
  let all: string[] | undefined
  let at = header.indexOf(name)
  while (at !== -1) {
    const after = skipBlanks(header, at + name.length)
    let next = after
    if (header.charCodeAt(after) === equals && startsPair(header, at)) {
      const end = header.indexOf(';', after)
      const value = trimmed(header, after + 1, end === -1 ? header.length : end)
      if (first === undefined) first = value
      else (all ??= [first]).push(value)
      if (all !== undefined && all.length > mostCookiesOfOneName) return malformed
      // What is left cannot hold another one: spares the usual last cookie the second search.
      if (end === -1 || header.length - end <= name.length) break
      next = end
    }
    at = header.indexOf(name, next)
  }
  return all ?? first
}

function readLines(headers: readonly string[], name: string): Presented {
  if (headers.length === 1) return readLine(headers[0] ?? '', name)
  const values: string[] = []
  let length = 0
  for (const header of headers) {
    length += header.length
    if (length > longestCookieHeader) return malformed
    const found = readLine(header, name)
    if (found === malformed) return malformed
    if (typeof found === 'string') values.push(found)
    else if (found !== undefined) values.push(...found)
    if (values.length > mostCookiesOfOneName) return malformed
  }
  return values.length > 1 ? values : values[0]
}

function isBlank(code: number): boolean {
  return code === space || code === tab
}

function skipBlanks(header: string, from: number): number {
  let at = from
  while (isBlank(header.charCodeAt(at))) at++
  return at
}

/** Whether nothing but blanks lies between `at` and the `;` or the beginning before it. */
function startsPair(header: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && isBlank(header.charCodeAt(before))) before--
  return before < 0 || header.charCodeAt(before) === semicolon
}

function trimmed(header: string, from: number, to: number): string {
  const start = skipBlanks(header, from)
  let end = to
  while (end > start && isBlank(header.charCodeAt(end - 1))) end--
  return header.slice(start, end)
}
