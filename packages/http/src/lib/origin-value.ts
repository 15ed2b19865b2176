/** The two schemes that carry sessions; `https` means that what left the client was encrypted. */
export type Scheme = 'https' | 'http'

/** `host[:port]` as RFC 9110 §7.2 and browsers write it: a registered name or IPv4, or an IPv6 in brackets. */
const authorityPattern = /^([0-9A-Za-z._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?$/
const originPattern = /^(https?):\/\/([^/?#@\\\s]+)$/
const highestPort = 65_535

/**
 * The origin that a scheme and a Host header name: lower case, without the scheme's default port.
 *
 * `undefined` if the host is not `host[:port]`, so that userinfo, paths, lists and wildcards never pass.
 */
export function canonicalOrigin(scheme: Scheme, host: string): string | undefined {
  const authority = canonicalAuthority(scheme, host)
  return authority === undefined ? undefined : `${scheme}://${authority}`
}

/** The `host[:port]` of {@link canonicalOrigin}. */
export function canonicalAuthority(scheme: Scheme, host: string): string | undefined {
  const parts = authorityPattern.exec(host)
  const name = parts?.[1]?.toLowerCase()
  if (name === undefined) return undefined
  const digits = parts?.[2]
  if (digits === undefined) return name
  const port = Number(digits)
  if (port > highestPort) return undefined
  return port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`
}

/** An Origin header in canonical form; `undefined` if it is not exactly one http or https origin. */
export function parseOrigin(value: string): string | undefined {
  const parts = originPattern.exec(value)
  const host = parts?.[2]
  return host === undefined
    ? undefined
    : canonicalOrigin(parts?.[1] === 'https' ? 'https' : 'http', host)
}
