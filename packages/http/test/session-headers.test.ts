import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CookieAction } from '@holdfast/core/engine'
import { resolveCookie } from '../src/index.js'
import { sessionHeaders, type SessionHeaders } from '../src/transport.js'

const policy = resolveCookie({}, { development: true })
const set: CookieAction = { kind: 'set', token: 'abc-DEF-123', maxAge: null }
const nothing = { cacheControl: undefined, vary: undefined }

function headers(
  used: boolean,
  action: CookieAction,
  current: Parameters<typeof sessionHeaders>[4] = nothing,
  variant: Parameters<typeof sessionHeaders>[1] = () => policy,
): SessionHeaders {
  return sessionHeaders(policy, variant, used, action, current)
}

test('a response that has nothing to do with the session is left alone', () => {
  const current = { cacheControl: 'public', vary: 'Accept' }
  const never = (): never => assert.fail('the form of the cookie is not asked for')
  assert.deepEqual(headers(false, { kind: 'none' }, current, never), {
    cacheControl: undefined,
    vary: undefined,
    setCookie: undefined,
  })
})

test('a response that used the session is not stored, and varies by cookie', () => {
  const marked = { cacheControl: 'no-store', vary: 'Cookie', setCookie: undefined }
  assert.deepEqual(headers(true, { kind: 'none' }), marked)
  const own = { cacheControl: ['public', 'max-age=9'], vary: ['Accept', 'cookie'] }
  const merged = headers(true, { kind: 'none' }, own)
  assert.deepEqual(merged, {
    cacheControl: 'no-store',
    vary: 'Accept, cookie',
    setCookie: undefined,
  })
  assert.equal(headers(true, { kind: 'none' }, { ...nothing, vary: '*' }).vary, '*')
  assert.equal(headers(true, { kind: 'none' }, { ...nothing, vary: '*' }).cacheControl, 'no-store')
})

test('a cookie marks the response although the application has not looked at the session', () => {
  const { cacheControl, vary, setCookie } = headers(false, set)
  assert.deepEqual([cacheControl, vary], ['no-store', 'Cookie'])
  assert.equal(setCookie, '__Host-session=abc-DEF-123; Path=/; Secure; HttpOnly; SameSite=Lax')
})

test('the cookie is written, and deleted, in the form of the request', () => {
  const loopback = (): typeof policy.loopback & object => policy.loopback ?? assert.fail('no form')
  const tail = '; Path=/; HttpOnly; SameSite=Lax'
  assert.equal(headers(true, set, nothing, loopback).setCookie, `session=abc-DEF-123${tail}`)
  const gone = 'Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
  assert.equal(
    headers(true, { kind: 'expire' }, nothing, loopback).setCookie,
    `session=${tail}; ${gone}`,
  )
  assert.equal(headers(true, { kind: 'expire' }).setCookie, policy.expired)
})

test('a lasting cookie lasts whole seconds', () => {
  const { setCookie } = headers(true, { ...set, maxAge: 90_999 })
  assert.match(setCookie ?? '', /; Max-Age=90; Expires=[A-Z][a-z]{2}, .* GMT$/)
})
