import { shown } from './options.js'

/** RFC 6265 §4.1.1 cookie-name = RFC 9110 §5.6.2 token. */
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** RFC 6265 §4.1.1 path-value: any CHAR except CTLs and ";". */
const pathPattern = /^\/[\x20-\x3A\x3C-\x7E]*$/
/** RFC 1123 §2.1 host name of two labels or more, in A-label form; the last label is not a number. */
const domainPattern =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** Longest first: a `__Host-Http-` name begins with `__Host-` as well. */
const prefixes = ['__Host-Http-', '__Host-', '__Secure-']
/** RFC 6265bis §5.6: a browser ignores an attribute whose value is longer. */
const longestAttribute = 1024
const longestDomain = 253

/** Throws unless `name` is a token behind one of the prefixes in its exact case. */
export function checkCookieName(name: unknown): void {
  if (typeof name !== 'string' || !tokenPattern.test(name)) {
    throw new TypeError(`cookie.name must be an RFC 6265 token; got ${shown(name)}`)
  }
  const lower = name.toLowerCase()
  for (const prefix of prefixes) {
    // Browsers match prefixes in any case, servers in one: only the exact spelling means the same to both.
    if (lower.startsWith(prefix.toLowerCase()) && !name.startsWith(prefix)) {
      throw new TypeError(`cookie.name must spell its prefix ${prefix}; got ${shown(name)}`)
    }
  }
  const prefix = prefixes.find((candidate) => name.startsWith(candidate))
  if (prefix === undefined || prefix === name) {
    throw new TypeError(`cookie.name must be __Host-<name> or __Secure-<name>; got ${shown(name)}`)
  }
}

/** The name without its prefix: browsers refuse a prefixed name without `Secure`. */
export function withoutPrefix(name: string): string {
  const prefix = prefixes.find((candidate) => name.startsWith(candidate)) ?? ''
  return name.slice(prefix.length)
}

/** Throws unless `domain` is a lower-case host name of two labels or more, without leading dot and port. */
export function checkDomain(domain: unknown): void {
  if (typeof domain !== 'string' || domain.length > longestDomain || !domainPattern.test(domain)) {
    throw new TypeError(
      `cookie.domain must be a lower-case host name such as 'example.com'; got ${shown(domain)}`,
    )
  }
}

/** Throws unless `path` is absolute and has no `;`, control or non-ASCII character. */
export function checkPath(path: unknown): void {
  if (typeof path !== 'string' || path.length > longestAttribute || !pathPattern.test(path)) {
    throw new TypeError(
      `cookie.path must begin with '/' and be printable ASCII without ';'; got ${shown(path)}`,
    )
  }
}
