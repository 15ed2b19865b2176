import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isSimpleContentType } from '../src/index.js'

const simple: readonly (string | readonly string[] | null | undefined)[] = [
  undefined,
  null,
  '',
  [],
  'text/plain',
  'TEXT/Plain',
  ' text/plain ',
  'text/plain;charset=UTF-8',
  'text/plain; application/json',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
  'multipart/form-data; boundary=x',
  'text/plain, application/json',
  'application/json, text/plain',
  'application/json;a=1, text/plain',
  ['application/json', 'text/plain'],
  ['application/json', 'application/json'],
  'json',
  'application/',
  '/json',
  'a/b/c',
  'text/plain\n',
  '\0',
]
const notSimple: readonly (string | readonly string[])[] = [
  'application/json',
  'Application/JSON; charset=utf-8',
  'application/problem+json',
  ['application/json'],
  'text/html',
  'text/plainer',
  'application/xml',
  'application/octet-stream',
  'application/json; a="text/plain"',
]

for (const value of simple) {
  test(`any site can send ${JSON.stringify(value) ?? 'no Content-Type'} without a preflight`, () => {
    assert.equal(isSimpleContentType(value), true)
  })
}
for (const value of notSimple) {
  test(`${JSON.stringify(value)} needs a preflight`, () =>
    assert.equal(isSimpleContentType(value), false))
}

test('property: any bytes get an answer', () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
  fc.assert(
    fc.property(
      fc.string({ unit: byte }),
      (value) => typeof isSimpleContentType(value) === 'boolean',
    ),
  )
})
