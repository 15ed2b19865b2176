import { type IpAddress, parseAddress } from './ip-address.js'
import { canonicalAuthority, type Scheme } from './origin-value.js'

/** What one hop says about the request that reached it. `undefined`: nothing, or nothing that can be read. */
export interface Hop {
  readonly address: IpAddress | undefined
  readonly scheme: Scheme | undefined
  readonly host: string | undefined
}

/** RFC 7239 §4: pairs of a token and a token or quoted string. Escapes are refused: no address or host needs one. */
const pairPattern =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"([^"\\]*)")$/
const bracketsPattern = /^\[([^\]]*:[^\]]*)\](?::[0-9]{1,5})?$/
const v4PortPattern = /^([0-9.]+):[0-9]{1,5}$/
const quote = 34
const comma = 44
const nothing: Hop = { address: undefined, scheme: undefined, host: undefined }

/**
 * Yields the elements of a comma-separated header from right to left, without the blanks around them.
 *
 * A comma inside quotes does not separate. Reading from the right means that an unbalanced quote can spoil only
 * what stands to its left, which is what less trusted hops wrote.
 */
export function* fromRight(header: string): Generator<string, void, void> {
  let end = header.length
  let quoted = false
  for (let at = end - 1; at >= 0; at--) {
    const char = header.charCodeAt(at)
    if (char === quote) quoted = !quoted
    else if (char === comma && !quoted) {
      yield header.slice(at + 1, end).trim()
      end = at
    }
  }
  yield header.slice(0, end).trim()
}

/** Reads one element of RFC 7239 `Forwarded`; an element that breaks the grammar says nothing. */
export function parseForwarded(element: string): Hop {
  const parameters = new Map<string, string>()
  // A quoted `;` splits too, and then breaks the grammar: no address, host or scheme has one.
  for (const part of element.split(';')) {
    const pair = pairPattern.exec(part.trim())
    const name = pair?.[1]?.toLowerCase()
    if (name === undefined || parameters.has(name)) return nothing
    parameters.set(name, pair?.[2] ?? pair?.[3] ?? '')
  }
  return {
    address: parseNode(parameters.get('for')),
    scheme: parseScheme(parameters.get('proto')),
    host: parseHost(parameters.get('host')),
  }
}

/** An address that may carry a port and brackets, as X-Forwarded-For and RFC 7239 §6 `for` write it. */
export function parseNode(text: string | undefined): IpAddress | undefined {
  if (text === undefined) return undefined
  const bare = parseAddress(text)
  if (bare !== undefined) return bare
  const inner = bracketsPattern.exec(text)?.[1] ?? v4PortPattern.exec(text)?.[1]
  return inner === undefined ? undefined : parseAddress(inner)
}

/** `undefined` if nothing was said; whatever is said that is not `https` counts as `http`. */
export function parseScheme(text: string | undefined): Scheme | undefined {
  if (text === undefined) return undefined
  return text.toLowerCase() === 'https' ? 'https' : 'http'
}

/** `undefined` if nothing was said; an empty string if what was said is not `host[:port]`. */
export function parseHost(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  return canonicalAuthority('https', text) === undefined ? '' : text
}
