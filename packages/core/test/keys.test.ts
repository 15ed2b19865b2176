import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSessions, SessionError } from '@holdfast/core'

test('placeholder', () => {
  assert.equal(typeof createSessions, 'function')
  assert.equal(new SessionError('ERR_SESSION_CONFIG', 'x').code, 'ERR_SESSION_CONFIG')
})
