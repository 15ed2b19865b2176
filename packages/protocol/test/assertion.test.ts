import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  type Assertion,
  type AssertionKey,
  AssertionSigner,
  createAssertionCheck,
} from '@holdfast/protocol'

const NOW = Date.UTC(2026, 0, 1)
const SECONDS = NOW / 1000
const KEY = newKey('k1')
const OLDER = newKey('k0')

const SAID: Assertion = {
  aud: 'shop',
  sub: 'ada',
  sid: 'A'.repeat(22),
  ns: 'shop',
  iat: SECONDS,
  exp: SECONDS + 30,
  auth_time: SECONDS - 100,
  amr: ['pwd', 'otp'],
}

const GOOD = new AssertionSigner(KEY).sign(SAID)
const check = createAssertionCheck('shop', [KEY, OLDER], () => NOW)

function newKey(kid: string): AssertionKey {
  return { kty: 'oct', alg: 'HS256', kid, k: randomBytes(32).toString('base64url') }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Any head and body, under a MAC that is right. */
function signed(head: unknown, body: unknown, key = KEY): string {
  const text = `${encode(head)}.${encode(body)}`
  const mac = createHmac('sha256', Buffer.from(key.k, 'base64url')).update(text)
  return `${text}.${mac.digest('base64url')}`
}

const HEAD = { alg: 'HS256', typ: 'session-assertion+jwt', kid: 'k1' }

test('what the daemon signs is what the application reads', () => {
  assert.deepEqual(check(GOOD), SAID)
  assert.deepEqual(check(signed(HEAD, SAID)), SAID)
  const strange = { ...SAID, sub: 'Ünï\u0001"\\\u{1f600}', amr: [] }
  assert.deepEqual(check(new AssertionSigner(KEY).sign(strange)), strange)
})

test('each key that the application knows is taken by its name, and no other', () => {
  assert.deepEqual(check(new AssertionSigner(OLDER).sign(SAID)), SAID)
  assert.equal(check(new AssertionSigner(newKey('k1')).sign(SAID)), null, 'a name is no key')
  assert.equal(check(new AssertionSigner({ ...KEY, kid: 'k0' }).sign(SAID)), null)
  assert.equal(check(new AssertionSigner({ ...KEY, kid: 'k9' }).sign(SAID)), null)
  assert.equal(createAssertionCheck('shop', [], () => NOW)(GOOD), null)
})

test('an assertion for another application is none', () => {
  assert.equal(createAssertionCheck('blog', [KEY], () => NOW)(GOOD), null)
  for (const aud of ['Shop', 'shop ', ['shop'], null, undefined])
    assert.equal(check(signed(HEAD, { ...SAID, aud })), null)
})

test('an assertion ends, and none is good before it was made', () => {
  const at = (seconds: number): Assertion | null =>
    createAssertionCheck('shop', [KEY], () => NOW + seconds * 1000)(GOOD)
  assert.notEqual(at(29.999), null)
  assert.equal(at(30), null)
  assert.equal(at(3600), null)
  assert.notEqual(at(-5), null, 'clocks of two hosts differ by a moment')
  assert.equal(at(-5.001), null)
  for (const time of ['1', null, undefined, [], Number.NaN]) {
    assert.equal(check(signed(HEAD, { ...SAID, exp: time })), null)
    assert.equal(check(signed(HEAD, { ...SAID, iat: time })), null)
  }
})

test('an assertion is signed by the one algorithm that there is', () => {
  const none = `${encode({ alg: 'none', typ: HEAD.typ, kid: 'k1' })}.${encode(SAID)}`
  for (const text of [`${none}.`, none, `${none}.${'A'.repeat(43)}`])
    assert.equal(check(text), null)
  for (const alg of ['none', 'None', 'HS512', 'RS256', 'ES256', 'hs256', undefined, ['HS256']])
    assert.equal(check(signed({ ...HEAD, alg }, SAID)), null)
  for (const typ of ['JWT', 'at+jwt', undefined])
    assert.equal(check(signed({ ...HEAD, typ }, SAID)), null, 'another kind of token')
  for (const kid of [undefined, 1, ['k1'], '__proto__'])
    assert.equal(check(signed({ ...HEAD, kid }, SAID)), null)
})

test('what is not exactly one assertion is none', () => {
  for (let length = 0; length < GOOD.length; length++)
    assert.equal(check(GOOD.slice(0, length)), null)
  const [head = '', body = '', mac = ''] = GOOD.split('.')
  const rows = [
    undefined,
    '',
    `${GOOD}, ${GOOD}`,
    `${GOOD},`,
    `${GOOD} `,
    ` ${GOOD}`,
    `${GOOD}\n`,
    `${GOOD}.`,
    `Bearer ${GOOD}`,
    `${head}.${body}.${mac}=`,
    `${head}.${body}=.${mac}`,
    `${body}.${head}.${mac}`,
    `.${body}.${mac}`,
    'a'.repeat(100_000),
    [GOOD],
    [GOOD, GOOD],
    [],
  ]
  for (const row of rows) assert.equal(check(row), null)
  for (const said of [null, [], 'text', 1, { ...SAID, sub: 1 }, { ...SAID, sid: undefined }])
    assert.equal(check(signed(HEAD, said)), null)
  for (const first of [null, [], 'text', {}]) assert.equal(check(signed(first, SAID)), null)
})

test('of 100,000 damaged assertions none is taken, and none is an error', (t) => {
  const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 1e9)
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const characters =
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=, \u0000\u00e9'
  for (let round = 0; round < 100_000; round++) {
    let text = GOOD
    for (let count = 1 + below(3); count > 0; count--) {
      const at = below(text.length)
      const other = characters.charAt(below(characters.length))
      const kept = [text.slice(at + 1), text.slice(at), text.slice(at + below(20))][below(3)] ?? ''
      text = text.slice(0, at) + (below(4) === 0 ? '' : other) + kept
    }
    if (text !== GOOD) assert.equal(check(text), null, text)
  }
})

/** Mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
