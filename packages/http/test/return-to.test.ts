import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { safeReturnTo } from '../src/index.js'

/** Known open-redirect vectors, and values that are no path. */
const refused: readonly unknown[] = [
  // absolute
  'https://evil.example',
  'http://evil.example/',
  'HTTPS://evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  'https:\\\\evil.example',
  'ftp://evil.example',
  'https://app.example',
  'https://holdfast.invalid/x',
  // scheme-relative
  '//evil.example',
  '//evil.example/',
  '///evil.example',
  '////evil.example',
  '//evil.example:443/x',
  '//user@evil.example',
  '//[::1]/',
  '//2130706433/',
  '//%65vil.example',
  '//evil%2eexample',
  '//evil。example',
  '//例え.example',
  '//',
  '///',
  // backslashes
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\\/evil.example',
  '\\evil.example',
  '//\\evil.example',
  '/x\\..\\\\evil.example',
  '/x?a=\\',
  // control characters that the URL parser drops or trims
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r/evil.example',
  '\t//evil.example',
  '\n//evil.example',
  ' //evil.example',
  '\0//evil.example',
  '/\t\\evil.example',
  'java\nscript:alert(1)',
  '/x\r\nLocation: https://evil.example',
  '/x\u0000',
  '/x\u007f',
  '/x\u0085',
  '/x\u2028y',
  '/x\u2029y',
  '/\u001b[31m',
  // encoded first characters
  '/%2fevil.example',
  '/%2Fevil.example',
  '/%5cevil.example',
  '/%5Cevil.example',
  '/%252fevil.example',
  '/%25252Fevil.example',
  '/%255cevil.example',
  '/%09/evil.example',
  '/%0a/evil.example',
  '/%0d%0aLocation:%20//evil.example',
  '/%0D%0ASet-Cookie:x=y',
  '/%00/evil.example',
  '/%1b',
  '/%7f',
  '/%250a',
  // dot segments that end in //
  '/.//evil.example',
  '/..//evil.example',
  '/./..//evil.example',
  '/x/..//evil.example',
  '/x/../..//evil.example',
  '/%2e//evil.example',
  '/%2e%2e//evil.example',
  '/.%2E//evil.example',
  '/x/%2e%2e//evil.example',
  '/./%2fevil.example',
  '/x/../%5cevil.example',
  // schemes and userinfo
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  'javascript://%0aalert(1)',
  'data:text/html,x',
  'vbscript:x',
  'mailto:a@b',
  'blob:https://evil.example/x',
  'user@evil.example',
  'app.example@evil.example',
  '@evil.example',
  'https://app.example@evil.example',
  'https://app.example%40evil.example',
  ':evil.example',
  // relative and empty
  '',
  ' ',
  ' /x',
  'x',
  './x',
  '../x',
  '?x',
  '#x',
  '.evil.example',
  'evil.example',
  '%2f%2fevil.example',
  '／／evil.example',
  '／evil.example',
  // not well formed, too long
  '/\ud800',
  '/x\udfff',
  `/${'x'.repeat(2048)}`,
  `/${'ä'.repeat(400)}`,
  // not a string
  undefined,
  null,
  0,
  true,
  {},
  [],
  ['/x'],
  Symbol('/x'),
  { toString: (): string => '/x' },
]

for (const value of refused) {
  test(`${JSON.stringify(value)?.slice(0, 60) ?? String(value)} leads to the fallback`, () => {
    assert.equal(safeReturnTo(value), '/')
    assert.equal(safeReturnTo(value, '/home'), '/home')
  })
}

const kept: readonly (readonly [string, string])[] = [
  ['/', '/'],
  ['/x', '/x'],
  ['/x/', '/x/'],
  ['/x?a=1&b=%20', '/x?a=1&b=%20'],
  ['/x#y', '/x#y'],
  ['/?', '/'],
  ['/x?next=https://evil.example', '/x?next=https://evil.example'],
  ['/x?next=//evil.example', '/x?next=//evil.example'],
  ['/x#//evil.example', '/x#//evil.example'],
  ['/x//y', '/x//y'],
  ['/x/../y', '/y'],
  ['/../y', '/y'],
  ['/x/./y', '/x/y'],
  ['/x y', '/x%20y'],
  ['/x ', '/x'],
  ['/ä', '/%C3%A4'],
  ['/😀', '/%F0%9F%98%80'],
  ['/／evil.example', '/%EF%BC%8Fevil.example'],
  ['/@evil.example', '/@evil.example'],
  ['/:80', '/:80'],
  ['/javascript:alert(1)', '/javascript:alert(1)'],
  ['/x?q=a%0Ab', '/x?q=a%0Ab'],
  ['/x%2Fy', '/x%2Fy'],
  ['/%41', '/%41'],
  ['/%', '/%'],
  ['/<script>', '/%3Cscript%3E'],
  [`/${'x'.repeat(2047)}`, `/${'x'.repeat(2047)}`],
]

for (const [value, path] of kept) {
  test(`${value.slice(0, 40)} leads to ${path.slice(0, 40)}`, () =>
    assert.equal(safeReturnTo(value, '/home'), path))
}

test('the list of vectors has at least sixty entries', () =>
  assert.ok(refused.length >= 60, String(refused.length)))

test('a fallback that is no path of this origin is a mistake of the app', () => {
  for (const fallback of ['', 'home', '//evil.example', 'https://app.example/', '/\\x']) {
    assert.throws(() => safeReturnTo('/x', fallback), {
      name: 'TypeError',
      message: /^fallback must be a path/,
    })
  }
})

test('property: whatever goes in, a browser that follows the answer stays on the origin', () => {
  const origin = 'https://app.example'
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '%2e',
    '%2f',
    '%5c',
    '%0d',
    '\t',
    '\n',
    ' ',
    '@',
    ':',
    '?',
    '#',
    'evil.example',
    'x',
    '%',
    'https:',
  )
  const pieces = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''))
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
  fc.assert(
    fc.property(
      fc.oneof(
        pieces,
        pieces.map((text) => `/${text}`),
        fc.string({ unit: byte }),
        fc.string({ unit: 'binary' }),
      ),
      (value) => {
        const path = safeReturnTo(value, '/home')
        assert.match(path, /^\/(?![/\\])[\x21-\x7E]*$/)
        assert.equal(new URL(path, `${origin}/a/b`).origin, origin)
        assert.equal(new URL(path, `${origin}/a/b`).href, origin + path)
        assert.equal(safeReturnTo(path), path, 'the answer is stable')
      },
    ),
    { numRuns: 5000 },
  )
})
