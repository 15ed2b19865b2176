import { createHash } from 'node:crypto'
import type { Engine, RequestFacts } from './engine.js'
import { refuseUnknown } from './options.js'
import type { ClientDescription } from './record.js'

/** What is kept of a device, and what a session is bound to. */
export interface ClientOptions {
  /** `full`, `prefix` (IPv4 /24, IPv6 /48: default) or `none`. */
  readonly address?: 'full' | 'prefix' | 'none'
  /** `full` (default, at most 256 characters) or `none`. */
  readonly userAgent?: 'full' | 'none'
  /** Names a device for people, such as "Firefox on Linux". Default: no name. */
  readonly label?: (client: ClientFacts) => string | null
  /** A value that must stay the same for the session's life, such as a certificate's thumbprint. Default: not bound. */
  readonly bind?: (client: ClientFacts) => string | null
}

/** What a request says of its device. */
export interface ClientFacts {
  readonly address: string | null
  readonly userAgent: string | null
}

/** {@link ClientOptions} with defaults filled in. */
export interface ClientRules {
  readonly address: 'full' | 'prefix' | 'none'
  readonly userAgent: 'full' | 'none'
  readonly label: ((client: ClientFacts) => string | null) | null
  readonly bind: ((client: ClientFacts) => string | null) | null
}

const MAX_TEXT = 256
/** Control, format, line and paragraph separators: nothing that breaks or hides part of a log line. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const KNOWN = new Set(['address', 'userAgent', 'label', 'bind'])

/** Checks client options; throws `TypeError` for a wrong one. */
export function resolveClientRules(options: ClientOptions = {}): ClientRules {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('client must be an object')
  refuseUnknown(options, KNOWN, 'client.')
  const { address = 'prefix', userAgent = 'full', label, bind } = options
  if (!['full', 'prefix', 'none'].includes(address)) {
    throw new TypeError("client.address must be 'full', 'prefix' or 'none'")
  }
  if (!['full', 'none'].includes(userAgent))
    throw new TypeError("client.userAgent must be 'full' or 'none'")
  for (const [path, value] of [
    ['client.label', label],
    ['client.bind', bind],
  ] as const) {
    if (value !== undefined && typeof value !== 'function')
      throw new TypeError(`${path} must be a function`)
  }
  return { address, userAgent, label: label ?? null, bind: bind ?? null }
}

/** What is kept of the device behind a request; null if nothing. */
export function describeClient(rules: ClientRules, facts: ClientFacts): ClientDescription | null {
  const description = {
    label: clean(rules.label?.(facts) ?? null),
    address: keptAddress(rules, facts.address),
    userAgent: rules.userAgent === 'none' ? null : clean(facts.userAgent),
  }
  const empty =
    description.label === null && description.address === null && description.userAgent === null
  return empty ? null : description
}

/** The device as events show it: the same parts that a record may keep. */
export function eventClient(engine: Pick<Engine, 'clientRules'>, facts: RequestFacts): ClientFacts {
  const { clientRules: rules } = engine
  return {
    address: keptAddress(rules, facts.address),
    userAgent: rules.userAgent === 'none' ? null : clean(facts.userAgent),
  }
}

/** Hash of what the session is bound to; null if to nothing. */
export function bindingOf(rules: ClientRules, facts: ClientFacts): string | null {
  const value = rules.bind?.({ address: facts.address, userAgent: facts.userAgent }) ?? null
  return value === null ? null : createHash('sha256').update(value).digest('base64url').slice(0, 22)
}

function keptAddress(rules: ClientRules, address: string | null): string | null {
  if (address === null || rules.address === 'none') return null
  return clean(rules.address === 'full' ? address : networkPrefix(address))
}

/** `203.0.113.7` is `203.0.113.0/24`, `2001:db8:1:2::3` is `2001:db8:1::/48`; null for what is no address. */
function networkPrefix(address: string): string | null {
  const mapped = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address
  return v4Prefix(mapped) ?? v6Prefix(address)
}

function v4Prefix(address: string): string | null {
  const octets = address.split('.')
  const valid =
    octets.length === 4 &&
    octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256)
  return valid ? `${octets.slice(0, 3).join('.')}.0/24` : null
}

function v6Prefix(address: string): string | null {
  const halves = address.split('::')
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - left.length - right.length
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return null
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  return `${groups
    .slice(0, 3)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/48`
}

/** Control characters out, 256 characters at most: what a client sent never breaks a log line. */
function clean(text: string | null): string | null {
  if (text === null) return null
  const kept = text.replaceAll(CONTROL, ' ').slice(0, MAX_TEXT).toWellFormed().trim()
  return kept === '' ? null : kept
}
