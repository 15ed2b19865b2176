import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { longestAuthorization, malformed, type Presented, readBearer } from '../src/index.js'

const readings: readonly (readonly [string, Parameters<typeof readBearer>[0], Presented])[] = [
  ['no header', undefined, undefined],
  ['a null header', null, undefined],
  ['no lines', [], undefined],
  ['an empty header', '', undefined],
  ['another scheme', 'Basic dXNlcjpwYXNz', undefined],
  ['a longer scheme', 'Bearerx abc', undefined],
  ['a DPoP token', 'DPoP abc', undefined],
  ['a long header of another scheme', `Negotiate ${'A'.repeat(longestAuthorization)}`, undefined],
  ['a token', 'Bearer abc', 'abc'],
  ['a token in an array', ['Bearer abc'], 'abc'],
  ['the scheme in another case', 'bEARER abc', 'abc'],
  ['several spaces', 'Bearer   abc', 'abc'],
  ['blanks around', ' \tBearer abc\t ', 'abc'],
  ['the whole alphabet', 'Bearer aZ09-._~+/==', 'aZ09-._~+/=='],
  ['a scheme alone', 'Bearer', malformed],
  ['a scheme and a blank', 'Bearer ', malformed],
  ['a tab instead of a space', 'Bearer\tabc', malformed],
  ['two tokens', 'Bearer abc def', malformed],
  ['a quoted token', 'Bearer "abc"', malformed],
  ['a padding inside', 'Bearer a=b', malformed],
  ['only padding', 'Bearer ==', malformed],
  ['a comma', 'Bearer abc,', malformed],
  ['joined lines', 'Bearer abc, Bearer def', malformed],
  ['joined lines of two schemes', 'Basic abc, Bearer def', malformed],
  ['two lines', ['Bearer abc', 'Bearer abc'], malformed],
  ['a newline', 'Bearer abc\n', malformed],
  ['a percent sign', 'Bearer %41', malformed],
  ['an umlaut', 'Bearer ä', malformed],
  [
    '16 KiB',
    `Bearer ${'a'.repeat(longestAuthorization - 7)}`,
    'a'.repeat(longestAuthorization - 7),
  ],
  ['more than 16 KiB', `Bearer ${'a'.repeat(longestAuthorization - 6)}`, malformed],
]

for (const [what, header, expected] of readings) {
  test(`reads ${what}`, () => assert.equal(readBearer(header), expected))
}

test('property: any bytes are read without throwing, and a token has only its alphabet', () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
  const prefix = fc.constantFrom('', 'Bearer ', 'bearer', ' Bearer  ', 'Bearer\t')
  fc.assert(
    fc.property(prefix, fc.string({ unit: byte }), (start, rest) => {
      const token = readBearer(start + rest)
      if (typeof token === 'string') assert.match(token, /^[0-9A-Za-z\-._~+/]+=*$/)
    }),
    { numRuns: 2000 },
  )
})
