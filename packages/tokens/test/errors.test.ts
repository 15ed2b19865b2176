import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenError } from '@holdfast/tokens'

test('an error says which status fits', () => {
  const error = new TokenError('ERR_TOKEN_INVALID', 'the access token is not valid')
  assert.equal(error.status, 401)
  assert.equal(error.statusCode, 401)
})
