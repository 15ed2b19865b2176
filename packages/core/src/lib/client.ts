import { createHash } from 'node:crypto'
import type { Engine, RequestFacts } from './engine.js'
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

/** Checks client options; throws `TypeError` for a wrong one. */
export function resolveClientRules(options: ClientOptions = {}): ClientRules {
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
export function networkPrefix(address: string): string | null {
  const v4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/i.exec(address)
  if (v4?.[1] !== undefined) return `${v4[1]}.0/24`
  if (!/^[0-9a-f:]{2,39}$/i.test(address) || !address.includes(':')) return null
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups =
    tail === undefined
      ? left
      : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return `${groups
    .slice(0, 3)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/48`
}

/** Control characters out, 256 characters at most: what a client sent never breaks a log line. */
function clean(text: string | null): string | null {
  if (text === null) return null
  // oxlint-disable-next-line no-control-regex -- removing control characters is what this is for
  const kept = text
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
    .slice(0, MAX_TEXT)
    .toWellFormed()
    .trim()
  return kept === '' ? null : kept
}
