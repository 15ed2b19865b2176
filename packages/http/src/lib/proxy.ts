import {
  fromRight,
  type Hop,
  parseForwarded,
  parseHost,
  parseNode,
  parseScheme,
} from './forwarded.js'
import { type HeaderValue, joinedValue } from './header-value.js'
import { formatAddress, type IpAddress, parseAddress } from './ip-address.js'
import { rangeMatcher } from './ip-range.js'
import { checkOptions, checkStrings, shown } from './options.js'
import type { Scheme } from './origin-value.js'

/** What a server knows of a connection and of the headers in which proxies report. Plain data. */
export interface ProxyRequest {
  /** Address at the other end of the socket, such as `socket.remoteAddress`. */
  readonly peer: string | undefined
  /** Whether that socket itself is TLS. */
  readonly encrypted: boolean
  /** The Host header, or `:authority` of HTTP/2. */
  readonly host: string | null | undefined
  readonly forwardedFor?: HeaderValue
  readonly forwardedProto?: HeaderValue
  readonly forwardedHost?: HeaderValue
  readonly forwarded?: HeaderValue
}

/** Who asked, and how, once the listed proxies have been seen through. */
export interface ClientConnection {
  /** Canonical text of the client's address; what the server gave where that is no address of a proxy. */
  readonly address: string | undefined
  /** Whether the client's own connection was encrypted. */
  readonly scheme: Scheme
  /** `host[:port]` that the client asked for, as sent; empty if a proxy reported something that is not one. */
  readonly host: string | undefined
  /** Whether the request never left this machine: a loopback address asked for a loopback name. */
  readonly loopback: boolean
}

export interface ProxyTrustOptions {
  /**
   * Proxies whose headers are believed: IPv4 and IPv6 addresses, CIDR blocks, or `'loopback'`. Default: none.
   * A listed proxy must itself write or remove every header of the chosen family, or clients can forge it.
   */
  readonly trustProxy?: readonly string[]
  /** The family of headers that the proxies write; the other is ignored. Default `'x-forwarded'`. */
  readonly forwardedHeader?: 'x-forwarded' | 'forwarded'
}

type Trusts = (address: IpAddress) => boolean

const loopbackHostPattern =
  /^(?:(?:[a-z0-9-]{1,63}\.){0,8}localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i

/**
 * Makes the function that tells the client's address, scheme and host, believing only listed proxies.
 *
 * Shape: {@link ProxyRequest} to {@link ClientConnection}; never throws. Addresses are read from right to left: the
 * first that is not a listed proxy is the client, and one that cannot be read stops at the last that could.
 * Scheme and host come from the nearest hop, the rightmost value; a scheme other than `https` counts as `http`.
 * IPv4-mapped addresses become IPv4; ports and brackets are dropped.
 * Default: nobody is trusted and every proxy header is ignored. Throws TypeError naming the option or entry.
 * Source: RFC 7239 §4 to §8; ASVS 5.0 4.1.3, 15.3.4.
 */
export function createProxyTrust(
  options: ProxyTrustOptions = {},
): (request: ProxyRequest) => ClientConnection {
  checkOptions(options, 'proxy', ['trustProxy', 'forwardedHeader'])
  const { trustProxy = [], forwardedHeader = 'x-forwarded' } = options
  checkStrings(trustProxy, 'trustProxy')
  if (forwardedHeader !== 'x-forwarded' && forwardedHeader !== 'forwarded') {
    throw new TypeError(
      `forwardedHeader must be 'x-forwarded' or 'forwarded'; got ${shown(forwardedHeader)}`,
    )
  }
  if (trustProxy.length === 0) return direct
  const hops = forwardedHeader === 'forwarded' ? standardHops : customaryHops
  const trusts = rangeMatcher(trustProxy, 'trustProxy')
  // A proxy keeps its connections, so the last peer is mostly the next.
  let last: string | undefined
  let proxy: IpAddress | undefined
  return (request) => {
    if (request.peer !== last) {
      last = request.peer
      const address = parseAddress(withoutZone(last ?? ''))
      proxy = address !== undefined && trusts(address) ? address : undefined
    }
    return proxy === undefined ? direct(request) : seeThrough(request, proxy, trusts, hops(request))
  }
}

/** The request as it reached this process. A proxy header says that an unlisted proxy stands before it. */
function direct(request: ProxyRequest): ClientConnection {
  const address = addressText(request.peer)
  const host = request.host ?? undefined
  const loopback = isLoopback(address, host) && !hasProxyHeader(request)
  return { address, scheme: request.encrypted ? 'https' : 'http', host, loopback }
}

function seeThrough(
  request: ProxyRequest,
  peer: IpAddress,
  trusts: Trusts,
  hops: Iterable<Hop>,
): ClientConnection {
  let client = peer
  let nearest: Hop | undefined
  for (const hop of hops) {
    nearest ??= hop
    if (hop.address === undefined) break
    client = hop.address
    if (!trusts(client)) break
  }
  const address = formatAddress(client)
  const host = nearest?.host ?? request.host ?? undefined
  const scheme = nearest?.scheme ?? (request.encrypted ? 'https' : 'http')
  return { address, scheme, host, loopback: isLoopback(address, host) }
}

function* standardHops({ forwarded }: ProxyRequest): Generator<Hop, void, void> {
  for (const element of fromRight(joinedValue(forwarded))) yield parseForwarded(element)
}

function* customaryHops(request: ProxyRequest): Generator<Hop, void, void> {
  let scheme = parseScheme(rightmost(request.forwardedProto))
  let host = parseHost(rightmost(request.forwardedHost))
  for (const node of fromRight(joinedValue(request.forwardedFor))) {
    yield { address: parseNode(node), scheme, host }
    scheme = undefined
    host = undefined
  }
}

function rightmost(header: HeaderValue): string | undefined {
  if (header === undefined || header === null) return undefined
  const line = joinedValue(header)
  const [last = ''] = line.includes(',') ? fromRight(line) : [line.trim()]
  return last === '' ? undefined : last
}

function hasProxyHeader(request: ProxyRequest): boolean {
  return (
    (request.forwardedFor ??
      request.forwardedProto ??
      request.forwardedHost ??
      request.forwarded ??
      null) !== null
  )
}

function isLoopback(address: string | undefined, host: string | undefined): boolean {
  if (address === undefined || host === undefined) return false
  return (address === '::1' || address.startsWith('127.')) && loopbackHostPattern.test(host)
}

/** Sockets give canonical text but for two things: IPv4 on a dual-stack listener is mapped, and zones. */
function addressText(peer: string | undefined): string | undefined {
  if (peer === undefined || !peer.includes(':')) return peer
  return peer.startsWith('::ffff:') && peer.includes('.') ? peer.slice(7) : withoutZone(peer)
}

/** A link-local peer carries the interface that it came in by: `fe80::1%eth0` (RFC 4007 §11). */
function withoutZone(peer: string): string {
  const zone = peer.indexOf('%')
  return zone === -1 ? peer : peer.slice(0, zone)
}
