/**
 * An address as eight 16-bit groups. IPv4 is held as its IPv4-mapped IPv6 form (RFC 4291 §2.5.5.2), so that
 * `::ffff:10.0.0.1` and `10.0.0.1` are one address.
 */
export interface IpAddress {
  readonly groups: readonly number[]
  readonly v4: boolean
}

const groupPattern = /^[0-9A-Fa-f]{1,4}$/
const longestAddress = 45
const dot = 46
const zero = 48
const mappedPrefix: readonly number[] = [0, 0, 0, 0, 0, 0xffff]

/** Reads an IPv4 or IPv6 address in its strict textual form, without port, brackets and zone; else `undefined`. */
export function parseAddress(text: string): IpAddress | undefined {
  if (text.length > longestAddress) return undefined
  if (!text.includes(':')) {
    const bits = parseV4(text)
    return bits === undefined ? undefined : { groups: [0, 0, 0, 0, 0, 0xffff, ...bits], v4: true }
  }
  const groups = parseV6(text)
  if (groups === undefined) return undefined
  return { groups, v4: mappedPrefix.every((group, index) => groups[index] === group) }
}

/** Writes an address in its one canonical form: dotted decimal, or RFC 5952 for IPv6. */
export function formatAddress({ groups, v4 }: IpAddress): string {
  if (v4)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.')
  const run = longestZeroRun(groups)
  const text = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(':')
  if (run.length < 2) return text(groups)
  return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`
}

/**
 * The two 16-bit groups of an IPv4 address.
 *
 * RFC 6943 §3.1.1: only four decimal numbers without leading zeros mean the same address everywhere.
 */
function parseV4(text: string): readonly [number, number] | undefined {
  let bits = 0
  let numbers = 0
  let from = 0
  for (let at = 0; at <= text.length; at++) {
    if (at !== text.length && text.charCodeAt(at) !== dot) continue
    const number = parseByte(text, from, at)
    if (number === undefined || numbers === 4) return undefined
    bits = (bits << 8) | number
    numbers++
    from = at + 1
  }
  return numbers === 4 ? [bits >>> 16, bits & 0xffff] : undefined
}

function parseByte(text: string, from: number, to: number): number | undefined {
  const length = to - from
  if (length < 1 || length > 3 || (length > 1 && text.charCodeAt(from) === zero)) return undefined
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - zero
    if (digit < 0 || digit > 9) return undefined
    number = number * 10 + digit
  }
  return number > 255 ? undefined : number
}

/** RFC 4291 §2.2: eight groups, of which `::` stands for one or more, and the last two may be an IPv4 address. */
function parseV6(text: string): readonly number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [before = '', after] = halves
  const left = parseGroups(before, after === undefined)
  const right = parseGroups(after ?? '', true)
  if (left === undefined || right === undefined) return undefined
  const missing = 8 - left.length - right.length
  if (after === undefined) return missing === 0 ? left : undefined
  return missing > 0 ? [...left, ...Array<number>(missing).fill(0), ...right] : undefined
}

function parseGroups(text: string, mayEndInV4: boolean): readonly number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const tail = mayEndInV4 && index === parts.length - 1 ? parseV4(part) : undefined
    if (tail !== undefined) groups.push(...tail)
    else if (groupPattern.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

function longestZeroRun(groups: readonly number[]): {
  readonly start: number
  readonly length: number
} {
  let best = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > best.length) best = { start: index - length + 1, length }
  }
  return best
}
