import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { clearSiteData, mergeVary, securityHeaders, sessionCacheControl } from '../src/index.js'

const varies: readonly (readonly [Parameters<typeof mergeVary>[0], string])[] = [
  [undefined, 'Cookie'],
  [null, 'Cookie'],
  ['', 'Cookie'],
  [[], 'Cookie'],
  ['Accept', 'Accept, Cookie'],
  ['cookie', 'cookie'],
  ['Accept,COOKIE', 'Accept, COOKIE'],
  ['X-Cookie', 'X-Cookie, Cookie'],
  ['Cookie2', 'Cookie2, Cookie'],
  ['*', '*'],
  ['Accept, *', '*'],
  [['Accept', 'Origin'], 'Accept, Origin, Cookie'],
  [['Accept', 'cookie'], 'Accept, cookie'],
  [' , Accept ,, ', 'Accept, Cookie'],
]

for (const [current, expected] of varies) {
  test(`Vary ${JSON.stringify(current) ?? 'absent'} becomes ${expected}`, () => {
    assert.equal(mergeVary(current, 'Cookie'), expected)
  })
}

test('Vary takes several names, each once', () => {
  assert.equal(
    mergeVary('Origin', 'Sec-Fetch-Site', 'origin', 'Cookie', 'cookie'),
    'Origin, Sec-Fetch-Site, Cookie',
  )
})

const cacheControls: readonly (readonly [Parameters<typeof sessionCacheControl>[0], string])[] = [
  [undefined, 'no-store'],
  [null, 'no-store'],
  ['', 'no-store'],
  ['no-store', 'no-store'],
  ['NO-STORE', 'NO-STORE'],
  ['private, no-cache, no-store, must-revalidate', 'private, no-cache, no-store, must-revalidate'],
  ['no-store, max-age=0', 'no-store, max-age=0'],
  [['no-store', 'no-transform'], 'no-store, no-transform'],
  ['public', 'no-store'],
  ['public, max-age=3600', 'no-store'],
  ['max-age=3600', 'no-store'],
  ['private', 'no-store'],
  ['private, max-age=60', 'no-store'],
  ['no-cache', 'no-store'],
  ['no-store, public', 'no-store'],
  ['no-store, Max-Age = 60', 'no-store'],
  ['no-store, max-age=00060', 'no-store'],
  ['no-store, s-maxage=60', 'no-store'],
  ['no-store, immutable', 'no-store'],
  ['no-store, stale-while-revalidate=60', 'no-store'],
  ['x-no-store', 'no-store'],
  ['private="a, no-store, b"', 'no-store'],
]

for (const [current, expected] of cacheControls) {
  test(`Cache-Control ${JSON.stringify(current) ?? 'absent'} becomes ${expected} once the session was used`, () => {
    assert.equal(sessionCacheControl(current), expected)
  })
}

test('property: every Cache-Control that comes out says no-store and is not public', () => {
  const part = fc.constantFrom(
    'no-store',
    'public',
    'private',
    'max-age=1',
    '"',
    ',',
    '=',
    ' ',
    'No-Store',
    's-maxage=9',
  )
  fc.assert(
    fc.property(
      fc.array(part).map((parts) => parts.join('')),
      (current) => {
        const items = sessionCacheControl(current).toLowerCase().split(',')
        const directives = new Set(items.map((item) => item.trim()))
        assert.ok(directives.has('no-store'))
        assert.ok(!directives.has('public'))
      },
    ),
  )
})

test('Clear-Site-Data names cache, cookies and storage unless told otherwise', () => {
  assert.equal(clearSiteData(), '"cache","cookies","storage"')
  assert.equal(clearSiteData(['cookies']), '"cookies"')
  assert.equal(clearSiteData(['*']), '"*"')
})

test('Clear-Site-Data refuses unknown types and an empty list', () => {
  const wrong: unknown = ['cookies', 'cookie"']
  assert.throws(() => clearSiteData(wrong as []), {
    name: 'TypeError',
    message: /^clearSiteData\[1\] must be one of/,
  })
  assert.throws(() => clearSiteData([]), { name: 'TypeError', message: /^clearSiteData must name/ })
})

test('the security headers are the strict ones of ASVS 3.4', () => {
  assert.deepEqual(securityHeaders(), {
    'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
    'Content-Security-Policy':
      "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  })
})

test('HSTS can be left out for development, and the content policy replaced', () => {
  const headers = securityHeaders({
    strictTransportSecurity: false,
    contentSecurityPolicy: "default-src 'none'",
  })
  assert.equal('Strict-Transport-Security' in headers, false)
  assert.equal(headers['Content-Security-Policy'], "default-src 'none'")
})

test('security headers refuse wrong values', () => {
  for (const contentSecurityPolicy of ['', 'a\r\nX: y', 'ä']) {
    assert.throws(() => securityHeaders({ contentSecurityPolicy }), {
      name: 'TypeError',
      message: /^contentSecurityPolicy/,
    })
  }
  assert.throws(
    () => securityHeaders(Object({ strictTransportSecurity: 1 })),
    /^TypeError: strictTransportSecurity/,
  )
  assert.throws(
    () => securityHeaders(Object({ hsts: false })),
    /securityHeaders\.hsts is not an option/,
  )
})
