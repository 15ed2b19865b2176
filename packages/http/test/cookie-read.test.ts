import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  longestCookieHeader,
  malformed,
  mostCookiesOfOneName,
  type Presented,
  readCookies,
} from '../src/index.js'

const name = '__Host-session'

const readings: readonly (readonly [string, Parameters<typeof readCookies>[0], Presented])[] = [
  ['no header', undefined, undefined],
  ['a null header, as Headers.get gives', null, undefined],
  ['an empty header', '', undefined],
  ['no header lines', [], undefined],
  ['only other cookies', 'a=1; b=2', undefined],
  ['only this cookie', `${name}=v`, 'v'],
  ['first of three', `${name}=v; a=1; b=2`, 'v'],
  ['in the middle', `a=1; ${name}=v; b=2`, 'v'],
  ['last', `a=1; b=2; ${name}=v`, 'v'],
  ['without blanks', `a=1;${name}=v;b=2`, 'v'],
  ['blanks and tabs around name and value', `a=1;\t ${name} \t=\t v \t; b=2`, 'v'],
  ['an empty value', `a=1; ${name}=; b=2`, ''],
  ['an empty value of blanks', `${name}=  \t`, ''],
  ['an equals sign in the value', `${name}=a=b==`, 'a=b=='],
  ['quotes belong to the value', `${name}="v"`, '"v"'],
  ['a semicolon ends even a quoted value', `${name}="v;w"`, '"v'],
  ['nothing is percent-decoded', `${name}=%41%20`, '%41%20'],
  ['an encoded name is another name', `%5F%5FHost-session=v`, undefined],
  ['the name in lower case', '__host-session=v', undefined],
  ['a longer name', `${name}2=v`, undefined],
  ['a name that ends alike', `x${name}=v`, undefined],
  ['the name without a value', name, undefined],
  ['the name without a value, then another', `${name}; a=1`, undefined],
  ['the name as a value', `a=${name}`, undefined],
  ['a pair inside a value', `a=${name}=evil`, undefined],
  ['a nameless cookie that imitates it', `=${name}=evil`, undefined],
  ['a look-alike before the real one', `a=${name}=evil; ${name}2=x; ${name}=v`, 'v'],
  ['a pair after a comma is part of the pair before', `a=1, ${name}=evil`, undefined],
  ['a pair after a comma stays in the value', `${name}=v, ${name}=w`, `v, ${name}=w`],
  ['other white space does not separate or trim', `a=1;\u00a0${name}=v`, undefined],
  ['a form feed belongs to the value', `${name}=v\f`, 'v\f'],
  ['a newline belongs to the value', `${name}=v\n`, 'v\n'],
  ['empty pairs', `;; ;${name}=v;;`, 'v'],
  ['two cookies', `${name}=v; ${name}=w`, ['v', 'w']],
  ['two equal cookies', `${name}=v; ${name}=v`, ['v', 'v']],
  ['two cookies, the second as short as can be', `${name}=v;${name}=`, ['v', '']],
  ['two headers that hold one', ['a=1', `${name}=v`], 'v'],
  ['one header line', [`a=1; ${name}=v`], 'v'],
  ['two headers that hold two', [`${name}=v`, `a=1; ${name}=w`], ['v', 'w']],
  ['two headers that hold three', [`${name}=u; ${name}=v`, `${name}=w`], ['u', 'v', 'w']],
  ['three headers that hold none', ['a=1', '', 'b=2'], undefined],
]

for (const [what, header, expected] of readings) {
  test(`reads ${what}`, () => assert.deepEqual(readCookies(header, name), expected))
}

test('eight cookies of the name are handed on, nine are malformed', () => {
  const pair = `${name}=v`
  const pairs = (count: number): string => Array.from({ length: count }, () => pair).join('; ')
  assert.equal(
    readCookies(pairs(mostCookiesOfOneName), name)?.toString(),
    Array(8).fill('v').join(),
  )
  assert.equal(readCookies(pairs(mostCookiesOfOneName + 1), name), malformed)
  assert.equal(readCookies([pairs(4), pairs(4)], name)?.toString(), Array(8).fill('v').join())
  assert.equal(readCookies([pairs(4), pairs(5)], name), malformed)
  assert.equal(readCookies(['a=1', pairs(9)], name), malformed)
})

test('64 KiB of Cookie header are searched, one character more is malformed', () => {
  const ofLength = (length: number): string => `${name}=v; a=`.padEnd(length, 'x')
  assert.equal(readCookies(ofLength(longestCookieHeader), name), 'v')
  assert.equal(readCookies(ofLength(longestCookieHeader + 1), name), malformed)
  assert.deepEqual(readCookies([ofLength(40_000), ofLength(longestCookieHeader - 40_000)], name), [
    'v',
    'v',
  ])
  assert.equal(
    readCookies([ofLength(40_000), ofLength(longestCookieHeader - 39_999)], name),
    malformed,
  )
  assert.equal(
    readCookies('x'.repeat(longestCookieHeader + 1), name),
    malformed,
    'even without the name',
  )
})

test('a header made to be slow takes no longer than its length', () => {
  const cases = [`${name} `, `; ${name}`, ' '.repeat(40), `${name}=;`, ';', '=']
  for (const unit of cases) {
    const header = unit.repeat(Math.floor(longestCookieHeader / unit.length))
    const started = performance.now()
    readCookies(header, name)
    assert.ok(performance.now() - started < 100, JSON.stringify(unit))
  }
})

/** The same rules in the slow and obvious way. */
function model(headers: readonly string[]): Presented {
  if (headers.join('').length > longestCookieHeader) return malformed
  const values = headers
    .flatMap((header) => header.split(';'))
    .flatMap((pair) => {
      const at = pair.indexOf('=')
      const trim = (text: string): string => text.replaceAll(/^[ \t]+|[ \t]+$/g, '')
      return at !== -1 && trim(pair.slice(0, at)) === name ? [trim(pair.slice(at + 1))] : []
    })
  if (values.length > mostCookiesOfOneName) return malformed
  return values.length > 1 ? values : values[0]
}

const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
})
const nearly = fc
  .array(
    fc.oneof(fc.constantFrom(name, '=', ';', ' ', '\t', 'a', '"', ',', '; ', `; ${name}=`), bytes),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.join(''))

test('property: any bytes are read as the plain model reads them, and nothing throws', () => {
  fc.assert(
    fc.property(fc.oneof(bytes, nearly), (header) => {
      assert.deepEqual(readCookies(header, name), model([header]))
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, nearly), { maxLength: 5 }), (headers) => {
      assert.deepEqual(readCookies(headers, name), model(headers))
    }),
    { numRuns: 1000 },
  )
})
