import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionError } from '@holdfast/core'
import * as fc from 'fast-check'
import {
  expireCookie,
  longestMaxAge,
  readCookies,
  resolveCookie,
  serializeCookie,
} from '../src/index.js'

const policy = resolveCookie()
const token = `${'A'.repeat(22)}-${'b'.repeat(43)}-${'9'.repeat(22)}`
const epoch = Date.UTC(2026, 0, 1)

function refusesValue(value: string): void {
  assert.throws(
    () => serializeCookie(policy, value),
    (error) => {
      assert.ok(error instanceof SessionError)
      assert.equal(error.code, 'ERR_SESSION_COOKIE_INVALID')
      if (value.length > 3)
        assert.ok(!error.message.includes(value), 'the message does not hold the value')
      return true
    },
  )
}

test('a cookie without lifetime ends with the browser session', () => {
  assert.equal(
    serializeCookie(policy, token),
    `__Host-session=${token}; Path=/; Secure; HttpOnly; SameSite=Lax`,
  )
})

test('a lifetime is written as Max-Age and Expires, which agree', () => {
  assert.equal(
    serializeCookie(policy, 'v', { maxAge: 3_600_000, now: epoch }),
    '__Host-session=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600; Expires=Thu, 01 Jan 2026 01:00:00 GMT',
  )
})

test('without now, Expires counts from the system clock', () => {
  const before = Math.floor(Date.now() / 1000) * 1000
  const expires = / Expires=(.*)$/.exec(serializeCookie(policy, 'v', { maxAge: 60_000 }))?.[1] ?? ''
  assert.ok(Date.parse(expires) >= before + 60_000)
  assert.ok(Date.parse(expires) <= Date.now() + 60_000)
})

const lifetimes: readonly (readonly [number, number])[] = [
  [1000, 1],
  [1999, 1],
  [999, 0],
  [0, 0],
  [-0, 0],
  [-1, 0],
  [-1e15, 0],
  [3_600_999.9, 3600],
  [longestMaxAge * 1000 - 1, longestMaxAge - 1],
  [longestMaxAge * 1000, longestMaxAge],
  [longestMaxAge * 1000 + 1000, longestMaxAge],
  [1e12, longestMaxAge],
  [Number.MAX_VALUE, longestMaxAge],
]

for (const [maxAge, seconds] of lifetimes) {
  test(`${maxAge} ms become Max-Age=${seconds}`, () => {
    const expires = new Date(seconds === 0 ? 0 : epoch + seconds * 1000).toUTCString()
    assert.ok(
      serializeCookie(policy, 'v', { maxAge, now: epoch }).endsWith(
        `; Max-Age=${seconds}; Expires=${expires}`,
      ),
    )
  })
}

for (const maxAge of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
  test(`a lifetime of ${maxAge} is refused`, () => {
    assert.throws(() => serializeCookie(policy, 'v', { maxAge }), {
      name: 'TypeError',
      message: /^maxAge must be/,
    })
  })
}

test('an impossible clock is refused', () => {
  for (const now of [Number.NaN, 1e300]) {
    assert.throws(() => serializeCookie(policy, 'v', { maxAge: 1000, now }), {
      name: 'TypeError',
      message: /^now/,
    })
  }
})

test('name and value of 4096 bytes are written, of 4097 refused', () => {
  const room = 4096 - policy.name.length
  assert.ok(serializeCookie(policy, 'v'.repeat(room)).length > 4096)
  refusesValue('v'.repeat(room + 1))
})

test('values that are not base62 and hyphens are refused, and not quoted', () => {
  const values = [
    '',
    ' ',
    'a b',
    'a;b',
    'a,b',
    'a=b',
    '"a"',
    'a\\b',
    'a\r\nSet-Cookie: x=y',
    'a\n',
    'ä',
    'a_b',
    'a.b',
    'a\0',
  ]
  for (const value of values) refusesValue(value)
})

test('values of another type are refused', () => {
  const wrong: unknown = 42
  assert.throws(() => serializeCookie(policy, wrong as string), {
    code: 'ERR_SESSION_COOKIE_INVALID',
  })
})

test('an expired cookie has Max-Age=0, Expires in 1970 and the attributes it was set with', () => {
  const expired = expireCookie(policy)
  assert.equal(
    expired,
    '__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
  )
})

test('development writes and expires the unprefixed cookie for loopback', () => {
  const local = resolveCookie({}, { development: true })
  assert.equal(
    serializeCookie(local, 'v', { development: true }),
    'session=v; Path=/; HttpOnly; SameSite=Lax',
  )
  assert.match(
    expireCookie(local, { development: true }),
    /^session=; Path=\/; HttpOnly; SameSite=Lax; Max-Age=0; /,
  )
  assert.match(serializeCookie(local, 'v'), /^__Host-session=v; .*; Secure/)
})

test('the unprefixed cookie is refused where development was not configured', () => {
  assert.throws(() => serializeCookie(policy, 'v', { development: true }), {
    name: 'TypeError',
    message: /^development/,
  })
  assert.throws(() => expireCookie(policy, { development: true }), {
    name: 'TypeError',
    message: /^development/,
  })
})

test('property: what is written is read back, and only one line is ever written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (value) => {
      let written: string
      try {
        written = serializeCookie(policy, value)
      } catch (error) {
        assert.ok(error instanceof SessionError)
        return
      }
      assert.match(written, /^[\x20-\x7E]+$/)
      assert.equal(readCookies(written.slice(0, written.indexOf(';')), policy.name), value)
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9A-Za-z-]{1,200}$/), (value) => {
      assert.equal(readCookies(`a=1; ${serializeCookie(policy, value)}`, policy.name), value)
    }),
  )
})
