import { SessionError } from './errors.js'
import { days, hours, minutes, seconds } from './time.js'
import type { SubjectLimit } from './store.js'

/** Names of the built-in limits. */
export type PresetName = 'aal1' | 'aal2' | 'aal3' | 'pci' | 'bank'

interface Preset {
  readonly absoluteTimeout: number
  readonly idleTimeout: number
  readonly source: string
}

const PRESETS: Readonly<Record<PresetName, Preset>> = {
  aal1: {
    absoluteTimeout: days(30),
    idleTimeout: days(7),
    source: 'NIST SP 800-63B-4 §2.1.3 (AAL1)',
  },
  aal2: {
    absoluteTimeout: hours(24),
    idleTimeout: minutes(60),
    source: 'NIST SP 800-63B-4 §2.2.3 (AAL2)',
  },
  aal3: {
    absoluteTimeout: hours(12),
    idleTimeout: minutes(15),
    source: 'NIST SP 800-63B-4 §2.3.3 (AAL3)',
  },
  pci: { absoluteTimeout: hours(12), idleTimeout: minutes(15), source: 'PCI DSS 4.0.1 §8.2.8' },
  bank: {
    absoluteTimeout: hours(8),
    idleTimeout: minutes(5),
    source: 'OWASP Session Management Cheat Sheet (high value)',
  },
}

/** The longest grace after a rotation. */
const MAX_GRACE = seconds(30)

/** The parts of `createSessions` options that say how long sessions live and how many there may be. */
export interface PolicyOptions {
  /** Which published limits to keep. Default `aal2`: 24 h in all, 60 min idle. */
  readonly preset?: PresetName
  /** Milliseconds without activity that end a session. Default: the preset's. Beyond it: only with `deviationReason`. */
  readonly idleTimeout?: number
  /** Milliseconds after sign-in that end a session whatever happens. Default: the preset's. Beyond it: only with `deviationReason`. */
  readonly absoluteTimeout?: number
  /** Milliseconds after which a token is replaced in passing. Default 15 min; `Infinity` turns it off. */
  readonly renewalTimeout?: number
  /** Milliseconds for which a replaced token still answers after its successor was first seen. Default 10 s, at most 30 s; 0 is strict. */
  readonly rotationGrace?: number
  /** Live sessions that one subject may hold. Default: no limit. */
  readonly maxSessionsPerSubject?: number
  /** What a sign-in beyond the limit does. Default `evict-oldest`. */
  readonly onLimit?: SubjectLimit['onLimit']
  /** Why a limit of the preset is exceeded, in words an auditor can read. */
  readonly deviationReason?: string
}

/** The limits in force. Durations are milliseconds. */
export interface Policy {
  readonly preset: PresetName
  readonly idleTimeout: number
  readonly absoluteTimeout: number
  readonly renewalTimeout: number
  readonly rotationGrace: number
  readonly limit: SubjectLimit | null
  readonly deviationReason: string | null
}

/** Checks policy options and fills in defaults. Throws `TypeError` for a wrong type, `ERR_SESSION_CONFIG` for a wrong value. */
export function resolvePolicy(options: PolicyOptions): Policy {
  const preset = readPreset(options.preset)
  const { idleTimeout: idle, absoluteTimeout: absolute } = PRESETS[preset]
  const absoluteTimeout = readDuration(options.absoluteTimeout, 'absoluteTimeout', absolute)
  const policy: Policy = {
    preset,
    idleTimeout: readDuration(options.idleTimeout, 'idleTimeout', Math.min(idle, absoluteTimeout)),
    absoluteTimeout,
    renewalTimeout:
      options.renewalTimeout === Infinity
        ? Infinity
        : readDuration(options.renewalTimeout, 'renewalTimeout', minutes(15)),
    rotationGrace: readGrace(options.rotationGrace),
    limit: readLimit(options),
    deviationReason: readReason(options.deviationReason),
  }
  if (policy.idleTimeout > policy.absoluteTimeout) {
    throw config(
      `idleTimeout (${policy.idleTimeout} ms) is longer than absoluteTimeout (${policy.absoluteTimeout} ms)`,
    )
  }
  refuseDeviation(policy)
  return policy
}

function refuseDeviation(policy: Policy): void {
  const preset = PRESETS[policy.preset]
  for (const name of ['idleTimeout', 'absoluteTimeout'] as const) {
    if (policy[name] > preset[name] && policy.deviationReason === null) {
      throw config(
        `${name} (${policy[name]} ms) is beyond preset '${policy.preset}' (${preset[name]} ms, ${preset.source}); shorten it, choose another preset, or give the reason in deviationReason`,
      )
    }
  }
}

function readPreset(preset: unknown): PresetName {
  if (preset === undefined) return 'aal2'
  const known = Object.keys(PRESETS).find((name): name is PresetName => name === preset)
  if (known === undefined)
    throw new TypeError(`preset must be one of ${Object.keys(PRESETS).join(', ')}`)
  return known
}

function readDuration(value: unknown, path: string, preset: number): number {
  if (value === undefined) return preset
  if (typeof value !== 'number')
    throw new TypeError(`${path} must be a number of milliseconds; got ${typeof value}`)
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw config(`${path} must be a positive whole number of milliseconds; got ${value}`)
  }
  return value
}

function readGrace(value: unknown): number {
  if (value === 0) return 0
  const grace = readDuration(value, 'rotationGrace', seconds(10))
  if (grace > MAX_GRACE) throw config(`rotationGrace must be at most ${MAX_GRACE} ms; got ${grace}`)
  return grace
}

function readLimit(options: PolicyOptions): SubjectLimit | null {
  const onLimit = options.onLimit ?? 'evict-oldest'
  if (!['reject', 'evict-oldest', 'evict-idle'].includes(onLimit)) {
    throw new TypeError("onLimit must be 'reject', 'evict-oldest' or 'evict-idle'")
  }
  const max = options.maxSessionsPerSubject
  if (max === undefined || max === Infinity) return null
  if (typeof max !== 'number')
    throw new TypeError(`maxSessionsPerSubject must be a number; got ${typeof max}`)
  if (!Number.isSafeInteger(max) || max < 1)
    throw config(`maxSessionsPerSubject must be a whole number from 1; got ${max}`)
  return { max, onLimit }
}

function readReason(reason: unknown): string | null {
  if (reason === undefined) return null
  if (typeof reason !== 'string' || reason.trim() === '')
    throw new TypeError('deviationReason must be a sentence')
  return reason
}

function config(message: string): SessionError {
  return new SessionError('ERR_SESSION_CONFIG', message)
}

/** One published limit beside the limit in force. */
export interface PolicyComparison {
  readonly source: string
  readonly rule: string
  readonly limit: number
  readonly actual: number
  readonly within: boolean
  /** Why it is exceeded; null where it is not. */
  readonly reason: string | null
}

const PUBLISHED: readonly (readonly [
  source: string,
  rule: keyof Preset & ('idleTimeout' | 'absoluteTimeout'),
  limit: number,
])[] = [
  ['NIST SP 800-63B-4 §2.1.3 AAL1', 'absoluteTimeout', days(30)],
  ['NIST SP 800-63B-4 §2.2.3 AAL2', 'absoluteTimeout', hours(24)],
  ['NIST SP 800-63B-4 §2.2.3 AAL2', 'idleTimeout', hours(1)],
  ['NIST SP 800-63B-4 §2.3.3 AAL3', 'absoluteTimeout', hours(12)],
  ['NIST SP 800-63B-4 §2.3.3 AAL3', 'idleTimeout', minutes(15)],
  ['OWASP Session Management Cheat Sheet, low risk', 'idleTimeout', minutes(30)],
  ['OWASP Session Management Cheat Sheet, high value', 'idleTimeout', minutes(5)],
  ['OWASP Session Management Cheat Sheet', 'absoluteTimeout', hours(8)],
  ['PCI DSS 4.0.1 §8.2.8', 'idleTimeout', minutes(15)],
]

/** The policy in force, and each published limit beside it (ASVS 5.0 7.1.1). */
export interface PolicyDescription {
  readonly policy: Policy
  readonly comparisons: readonly PolicyComparison[]
  /** The same as text, one line per fact. */
  readonly text: string
}

/** Sets the policy beside NIST SP 800-63B-4, the OWASP cheat sheet and PCI DSS 4.0.1. */
export function describePolicy(policy: Policy): PolicyDescription {
  const comparisons = PUBLISHED.map(([source, rule, limit]): PolicyComparison => {
    const within = policy[rule] <= limit
    const reason = within
      ? null
      : (policy.deviationReason ?? `preset '${policy.preset}' was chosen`)
    return { source, rule, limit, actual: policy[rule], within, reason }
  })
  return {
    policy,
    comparisons,
    text: [...limitLines(policy), '', ...comparisons.map(line)].join('\n'),
  }
}

function limitLines(policy: Policy): readonly string[] {
  const { limit } = policy
  return [
    `preset            ${policy.preset} (${PRESETS[policy.preset].source})`,
    `idleTimeout       ${inWords(policy.idleTimeout)}`,
    `absoluteTimeout   ${inWords(policy.absoluteTimeout)}`,
    `renewalTimeout    ${inWords(policy.renewalTimeout)}`,
    `rotationGrace     ${policy.rotationGrace === 0 ? 'none (strict)' : inWords(policy.rotationGrace)}`,
    `sessions/subject  ${limit === null ? 'no limit' : `${limit.max}, then ${limit.onLimit}`}`,
    `deviationReason   ${policy.deviationReason ?? '(none)'}`,
  ]
}

function line(comparison: PolicyComparison): string {
  const verdict = comparison.within ? 'within ' : 'beyond '
  const reason = comparison.reason === null ? '' : ` (${comparison.reason})`
  return `${verdict} ${comparison.source}: ${comparison.rule} ${inWords(comparison.actual)}, published ${inWords(comparison.limit)}${reason}`
}

function inWords(duration: number): string {
  if (duration === Infinity) return 'off'
  for (const [unit, size] of UNITS) if (duration % size === 0) return `${duration / size} ${unit}`
  return `${duration} ms`
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', days(1)],
  ['h', hours(1)],
  ['min', minutes(1)],
  ['s', seconds(1)],
]
