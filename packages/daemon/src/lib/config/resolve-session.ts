import type { PolicyOptions } from '@holdfast/core'
import { resolvePolicy } from '@holdfast/core/engine'
import { type CookieOptions, createOriginCheck, resolveCookie } from '@holdfast/http'
import type { Settings } from '../settings.js'
import type { Findings } from './findings.js'
import type { Configuration } from './shape.js'
import { toBytes, toMilliseconds } from './units.js'

const POLICY_KEYS = ['idleTimeout', 'absoluteTimeout', 'renewalTimeout', 'rotationGrace'] as const
const KEYS: Readonly<Record<(typeof POLICY_KEYS)[number], string>> = {
  idleTimeout: 'idle_timeout',
  absoluteTimeout: 'absolute_timeout',
  renewalTimeout: 'renewal_timeout',
  rotationGrace: 'rotation_grace',
}
const NAMES: readonly (readonly [string, string])[] = [
  ...Object.entries(KEYS),
  ['deviationReason', 'deviation_reason'],
  ['cookie.acceptCrossSite: true', 'cookie.accept_cross_site = true'],
  ['cookie.sameSite', 'cookie.same_site'],
]

/** How long sessions live, as the engine takes it; what the engine refuses is a problem of its key. */
export function resolveSession(
  { session }: Configuration,
  findings: Findings,
): Settings['session'] {
  const policy: PolicyOptions = {
    preset: session.preset,
    onLimit: session.on_limit,
    ...defined('idleTimeout', session.idle_timeout, toMilliseconds),
    ...defined('absoluteTimeout', session.absolute_timeout, toMilliseconds),
    renewalTimeout:
      session.renewal_timeout === 'off' ? Infinity : toMilliseconds(session.renewal_timeout),
    rotationGrace: toMilliseconds(session.rotation_grace),
    ...defined('maxSessionsPerSubject', session.max_sessions_per_subject, same),
    ...defined('deviationReason', session.deviation_reason, same),
  }
  checkPolicy(policy, findings)
  return {
    ...policy,
    ...defined('tenant', session.tenant, same),
    maxDataBytes: toBytes(session.max_data),
  }
}

/** Each limit by itself, so that all that are wrong are said; then all together. */
function checkPolicy(policy: PolicyOptions, findings: Findings): void {
  const before = findings.problems.length
  const { preset, deviationReason } = policy
  const common = {
    ...defined('preset', preset, same),
    ...defined('deviationReason', deviationReason, same),
  }
  for (const key of POLICY_KEYS) {
    const value = policy[key]
    if (value === undefined) continue
    // Whether it is longer than the absolute one is asked below.
    const beside = key === 'idleTimeout' ? { absoluteTimeout: value } : {}
    const check = (): unknown => resolvePolicy({ ...common, ...beside, [key]: value })
    findings.attempt(`session.${KEYS[key]}`, check, inOurWords)
  }
  if (findings.problems.length === before)
    findings.attempt('session.idle_timeout', () => resolvePolicy(policy), inOurWords)
}

/** The cookie's options; what no browser would take is a problem. */
export function resolveCookieOptions({ cookie }: Configuration, findings: Findings): CookieOptions {
  const options: CookieOptions = {
    sameSite: cookie.same_site,
    ...defined('name', cookie.name, same),
    ...defined('domain', cookie.domain, same),
    ...(cookie.accept_cross_site === true ? { acceptCrossSite: true } : {}),
  }
  const key = ['name', 'domain', 'same_site'].find((each) => Object.hasOwn(cookie, each)) ?? 'name'
  const policy = findings.attempt(`cookie.${key}`, () => resolveCookie(options), inOurWords)
  for (const warning of policy?.warnings ?? []) findings.warn('cookie', inOurWords(warning))
  return options
}

/** Each origin that may make unsafe requests, as browsers write it. */
export function resolveOrigins({ check }: Configuration, findings: Findings): readonly string[] {
  for (const [index, origin] of check.trusted_origins.entries()) {
    const path = `check.trusted_origins.${index}`
    findings.attempt(
      path,
      () => createOriginCheck({ trustedOrigins: [origin] }),
      () =>
        'must be exactly one origin as browsers write it: scheme, host, and port unless it is the default one, such as "https://admin.example.com"',
    )
  }
  return check.trusted_origins
}

/** A property only where there is a value: the engine tells absent from undefined. */
function defined<Key extends string, Value, Made>(
  key: Key,
  value: Value | undefined,
  make: (value: Value) => Made,
): { readonly [K in Key]?: Made } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- exactly this key
  return (value === undefined ? {} : { [key]: make(value) }) as { [K in Key]?: Made }
}

function same<T>(value: T): T {
  return value
}

/** The engine names its own options, in milliseconds; a file has other names. */
function inOurWords(message: string): string {
  return NAMES.reduce((text, [name, key]) => text.replaceAll(name, key), message)
}
