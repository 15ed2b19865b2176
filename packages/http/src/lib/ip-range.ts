import { type IpAddress, parseAddress } from './ip-address.js'
import { shown } from './options.js'

/** All addresses of one family that equal `groups` under `masks`. */
interface IpRange extends IpAddress {
  readonly masks: readonly number[]
}

const bitsPattern = /^(?:0|[1-9]\d{0,2})$/
const aliases: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8', '::1']],
])

/**
 * Makes the test whether an address lies in one of the ranges.
 *
 * Each entry is an IPv4 or IPv6 address, a CIDR block, or `'loopback'`. Throws TypeError naming the entry for anything
 * else, for host bits beyond the prefix length, and for `/0`. An IPv6 block never holds an IPv4 address.
 * Source: RFC 4632 §3.1, RFC 4291 §2.3.
 */
export function rangeMatcher(
  entries: readonly string[],
  path: string,
): (address: IpAddress) => boolean {
  const ranges = entries.flatMap((entry, index) =>
    (aliases.get(entry) ?? [entry]).map((text) => parseRange(text, `${path}[${index}]`)),
  )
  return (address) => ranges.some((range) => contains(range, address))
}

function parseRange(text: string, path: string): IpRange {
  const slash = text.indexOf('/')
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash))
  if (address === undefined) {
    throw new TypeError(
      `${path} must be an IP address, a CIDR block or 'loopback'; got ${shown(text)}`,
    )
  }
  // An IPv4 block written as such counts its bits from 0 of 32, its mapped form from 96 of 128.
  const offset = address.v4 && !text.includes(':') ? 96 : 0
  const digits = slash === -1 ? String(128 - offset) : text.slice(slash + 1)
  const bits = bitsPattern.test(digits) ? Number(digits) + offset : Number.NaN
  if (!(bits <= 128)) {
    throw new TypeError(
      `${path} must have a prefix length of 1 to ${128 - offset}; got ${shown(text)}`,
    )
  }
  if (bits === offset) {
    throw new TypeError(
      `${path} must not be ${shown(text)}: if everyone is a proxy, clients choose their address`,
    )
  }
  const masks = address.groups.map((_group, index) => mask(bits, index))
  if (address.groups.some((group, index) => (group & ~(masks[index] ?? 0)) !== 0)) {
    throw new TypeError(`${path} has address bits beyond its prefix length; got ${shown(text)}`)
  }
  return { ...address, masks }
}

function contains(range: IpRange, address: IpAddress): boolean {
  if (range.v4 !== address.v4) return false
  // From the end: of IPv4 addresses, all but the last two groups are the same.
  for (let index = 7; index >= 0; index--) {
    if (((address.groups[index] ?? 0) & (range.masks[index] ?? 0)) !== range.groups[index])
      return false
  }
  return true
}

/** The bits of 16-bit group `index` that a prefix of `bits` covers. */
function mask(bits: number, index: number): number {
  const covered = Math.min(Math.max(bits - index * 16, 0), 16)
  return (0xffff << (16 - covered)) & 0xffff
}
