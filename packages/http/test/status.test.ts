import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionError, type SessionErrorCode } from '@holdfast/core'
import { statusOf } from '../src/transport.js'

const expected: Readonly<Record<SessionErrorCode, number>> = {
  ERR_SESSION_CONFIG: 500,
  ERR_SESSION_KEY_INVALID: 500,
  ERR_SESSION_COOKIE_INVALID: 500,
  ERR_SESSION_INSECURE_TRANSPORT: 500,
  ERR_SESSION_RANDOM_FAILED: 503,
  ERR_SESSION_STORE_UNAVAILABLE: 503,
  ERR_SESSION_STORE_TIMEOUT: 503,
  ERR_SESSION_STORE_CORRUPT: 503,
  ERR_SESSION_STORE_UNSUPPORTED: 503,
  ERR_SESSION_STORE_CLOSED: 503,
  ERR_SESSION_CONFLICT: 503,
  ERR_SESSION_ENDED: 401,
  ERR_SESSION_LIMIT: 403,
  ERR_SESSION_NOT_AUTHENTICATED: 401,
  ERR_SESSION_NOT_FRESH: 401,
  ERR_SESSION_CSRF: 403,
  ERR_SESSION_DATA_INVALID: 500,
  ERR_SESSION_DATA_TOO_LARGE: 500,
  ERR_SESSION_RESPONSE_COMMITTED: 500,
}

test('every code has its status, and whatever a store fails with is 503', () => {
  for (const [code, status] of Object.entries(expected)) {
    const error = new SessionError(code as SessionErrorCode, 'a message')
    assert.equal(statusOf(error), status, code)
    if (code.startsWith('ERR_SESSION_STORE_')) assert.equal(status, 503)
  }
})

test('what is no session error is 500, whatever it claims', () => {
  for (const error of [
    new Error('x'),
    Object.assign(new Error('x'), { code: 'ERR_SESSION_CSRF', status: 200 }),
    null,
    undefined,
    'ERR_SESSION_CSRF',
  ]) {
    assert.equal(statusOf(error), 500)
  }
})
