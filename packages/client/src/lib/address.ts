/** Where the daemon is: a unix socket, or a loopback address and the token that it wants there. */
export type DaemonAddress =
  | { readonly socket: string }
  | { readonly url: string; readonly token: string }

/** An address that has been looked at. */
export interface Place {
  /** For messages: never holds the token. */
  readonly name: string
  readonly origin: string
  readonly socketPath?: string
  readonly headers: Readonly<Record<string, string>>
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/

/**
 * Reads an address. Throws `TypeError` for what is none: a path that is missing must not become some port of this host, which would
 * then be sent visitors' cookies, and no token may cross a network in clear.
 */
export function placeOf(address: DaemonAddress): Place {
  const { socket, url, token } = Object(address)
  if (url === undefined) return { ...socketOf(socket), origin: 'http://localhost', headers: {} }
  const { origin } = urlOf(url)
  if (typeof token !== 'string' || !/^[!-~]+$/.test(token))
    throw new TypeError(
      'token must be the token of the configuration: visible ASCII, without the newline of its file',
    )
  return { name: origin, origin, headers: { authorization: `Bearer ${token}` } }
}

function socketOf(socket: unknown): Pick<Place, 'name' | 'socketPath'> & { socketPath: string } {
  if (typeof socket === 'string' && socket !== '' && !socket.includes('\0'))
    return { name: socket, socketPath: socket }
  throw new TypeError('socket must be the path of a unix socket of the daemon; it is empty or none')
}

function urlOf(text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null
  const plain = url !== null && `${url.origin}/` === url.href
  if (!plain || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new TypeError('url must be such as http://127.0.0.1:8101, without user, path and query')
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw new TypeError(
      'url must be of loopback: to another host the token and all cookies would go in clear. Use https, through a tunnel of yours',
    )
  return url
}
