import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createSessions,
  days,
  describePolicy,
  hours,
  minutes,
  seconds,
  type Policy,
  type PolicyOptions,
  type PresetName,
} from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { KEY } from './support/world.js'

function policyOf(options: PolicyOptions = {}): Policy {
  return createSessions({ store: memoryStore(), keys: [KEY], sweepInterval: Infinity, ...options })
    .policy
}

test('durations are milliseconds', () => {
  assert.deepEqual(
    [seconds(30), minutes(30), hours(8), days(30)],
    [30_000, 1_800_000, 28_800_000, 2_592_000_000],
  )
})

test('without options: AAL2 of NIST SP 800-63B-4, renewal after 15 min, 10 s of grace, no limit', () => {
  assert.deepEqual(policyOf(), {
    preset: 'aal2',
    idleTimeout: minutes(60),
    absoluteTimeout: hours(24),
    renewalTimeout: minutes(15),
    rotationGrace: seconds(10),
    limit: null,
    deviationReason: null,
  })
})

const presets: readonly (readonly [PresetName, idle: number, absolute: number])[] = [
  ['aal1', days(7), days(30)],
  ['aal2', minutes(60), hours(24)],
  ['aal3', minutes(15), hours(12)],
  ['pci', minutes(15), hours(12)],
  ['bank', minutes(5), hours(8)],
]
for (const [preset, idleTimeout, absoluteTimeout] of presets) {
  test(`preset ${preset}: its limits, and no longer without a written reason`, () => {
    const policy = policyOf({ preset })
    assert.deepEqual([policy.idleTimeout, policy.absoluteTimeout], [idleTimeout, absoluteTimeout])
    const beyond = { code: 'ERR_SESSION_CONFIG', message: new RegExp(`beyond preset '${preset}'`) }
    assert.throws(() => policyOf({ preset, idleTimeout: idleTimeout + 1 }), beyond)
    assert.throws(() => policyOf({ preset, absoluteTimeout: absoluteTimeout + 1 }), beyond)
    const deviationReason = 'kiosk in a locked room, accepted by the CISO on 2026-01-05'
    const longer = { idleTimeout: idleTimeout + 1, absoluteTimeout: absoluteTimeout + 1 }
    assert.equal(policyOf({ preset, ...longer, deviationReason }).idleTimeout, idleTimeout + 1)
    const shorter = { preset, idleTimeout: idleTimeout - 1, absoluteTimeout: absoluteTimeout - 1 }
    assert.equal(policyOf(shorter).absoluteTimeout, absoluteTimeout - 1)
    assert.equal(policyOf({ preset, idleTimeout, absoluteTimeout }).deviationReason, null)
  })
}

test('an absolute timeout below the idle one of the preset takes that with it', () => {
  assert.equal(policyOf({ absoluteTimeout: minutes(10) }).idleTimeout, minutes(10))
  assert.throws(() => policyOf({ absoluteTimeout: minutes(10), idleTimeout: minutes(11) }), {
    code: 'ERR_SESSION_CONFIG',
    message: /idleTimeout \(660000 ms\) is longer than absoluteTimeout \(600000 ms\)/,
  })
})

test('grace: 0 is strict, 30 s the most; renewal can be turned off', () => {
  assert.equal(policyOf({ rotationGrace: 0 }).rotationGrace, 0)
  assert.equal(policyOf({ rotationGrace: seconds(30) }).rotationGrace, seconds(30))
  assert.throws(() => policyOf({ rotationGrace: seconds(30) + 1 }), {
    code: 'ERR_SESSION_CONFIG',
    message: /rotationGrace must be at most 30000 ms; got 30001/,
  })
  assert.equal(policyOf({ renewalTimeout: Infinity }).renewalTimeout, Infinity)
})

test('a limit on sessions evicts the oldest unless told otherwise', () => {
  assert.deepEqual(policyOf({ maxSessionsPerSubject: 3 }).limit, {
    max: 3,
    onLimit: 'evict-oldest',
  })
  for (const onLimit of ['reject', 'evict-idle', 'evict-oldest'] as const)
    assert.deepEqual(policyOf({ maxSessionsPerSubject: 1, onLimit }).limit, { max: 1, onLimit })
  assert.equal(policyOf({ maxSessionsPerSubject: Infinity }).limit, null)
})

const published = [
  'NIST SP 800-63B-4 §2.1.3 AAL1',
  'NIST SP 800-63B-4 §2.2.3 AAL2',
  'NIST SP 800-63B-4 §2.3.3 AAL3',
  'OWASP Session Management Cheat Sheet',
  'PCI DSS 4.0.1 §8.2.8',
]
for (const [preset] of presets) {
  test(`the description of ${preset} sets each published limit beside the one in force`, () => {
    const policy = policyOf({ preset })
    const { comparisons, text } = describePolicy(policy)
    for (const source of published) {
      assert.ok(
        comparisons.some((each) => each.source.startsWith(source)),
        source,
      )
      assert.ok(text.includes(source), source)
    }
    for (const { rule, limit, actual, within, reason } of comparisons) {
      assert.equal(actual, policy[rule as 'idleTimeout'])
      assert.equal(within, actual <= limit)
      assert.equal(reason === null, within, 'a reason for each limit that is exceeded')
    }
    assert.match(text, new RegExp(`preset +${preset}`))
    for (const rule of ['idleTimeout', 'absoluteTimeout', 'renewalTimeout', 'rotationGrace'])
      assert.match(text, new RegExp(`^${rule} +\\d+ (?:d|h|min|s)$`, 'm'))
  })
}

test('the description gives the written reason at every limit that is exceeded', () => {
  const deviationReason = 'shared workshop tablets, risk R-17'
  const sessions = createSessions({
    store: memoryStore(),
    keys: [KEY],
    sweepInterval: Infinity,
    preset: 'pci',
    idleTimeout: minutes(20),
    deviationReason,
  })
  const { comparisons, text, policy } = sessions.describePolicy()
  assert.deepEqual(policy, sessions.policy)
  const beyond = comparisons.filter(({ within }) => !within)
  assert.ok(beyond.some(({ source }) => source === 'PCI DSS 4.0.1 §8.2.8'))
  for (const { reason } of beyond) assert.equal(reason, deviationReason)
  assert.match(
    text,
    /^beyond  PCI DSS 4\.0\.1 §8\.2\.8: idleTimeout 20 min, published 15 min \(shared/m,
  )
})

test('the strictest preset is within every published limit', () => {
  const { comparisons } = describePolicy(policyOf({ preset: 'bank' }))
  assert.deepEqual(
    comparisons.filter(({ within }) => !within),
    [],
  )
})

test('odd durations, strict grace, no renewal and a limit are described too', () => {
  const { text } = describePolicy(
    policyOf({
      idleTimeout: 1234,
      rotationGrace: 0,
      renewalTimeout: Infinity,
      maxSessionsPerSubject: 2,
      onLimit: 'reject',
    }),
  )
  assert.match(text, /idleTimeout +1234 ms/)
  assert.match(text, /rotationGrace +none \(strict\)/)
  assert.match(text, /renewalTimeout +off/)
  assert.match(text, /sessions\/subject +2, then reject/)
  assert.match(text, /deviationReason +\(none\)/)
})
