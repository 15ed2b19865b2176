import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createOriginCheck, isSafeMethod, type OriginRequest } from '../src/index.js'

const trustedOrigin = 'https://partner.example'
const check = createOriginCheck({ trustedOrigins: [trustedOrigin] })
const own = 'https://app.example'
const post: OriginRequest = { method: 'POST', scheme: 'https', host: 'app.example' }

/** `allowed`, or the reason for the refusal. */
function outcome(request: Partial<OriginRequest>, decide: typeof check = check): string {
  const decision = decide({ ...post, ...request })
  return decision.allowed ? 'allowed' : decision.reason
}

const safeMethods = ['GET', 'HEAD', 'OPTIONS']
const unsafeMethods = [
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'get',
  'Head',
  '',
  'FOO',
]

test('only GET, HEAD and OPTIONS are safe, in upper case', () => {
  for (const method of safeMethods) assert.equal(isSafeMethod(method), true, method)
  for (const method of unsafeMethods) assert.equal(isSafeMethod(method), false, method)
})

test('safe methods pass whatever the headers say', () => {
  for (const method of safeMethods) {
    assert.equal(
      outcome({ method, host: undefined, secFetchSite: 'cross-site', origin: ['a', 'b'] }),
      'allowed',
    )
  }
})

/** Every pair of Sec-Fetch-Site (mode cors) and Origin, with what becomes of an unsafe method. */
const origins: Readonly<Record<string, string | undefined>> = {
  absent: undefined,
  own,
  trusted: trustedOrigin,
  foreign: 'https://evil.example',
  null: 'null',
}
const matrix: readonly (readonly [string | undefined, Readonly<Record<string, string>>])[] = [
  [
    'same-origin',
    {
      absent: 'allowed',
      own: 'allowed',
      trusted: 'origin_mismatch',
      foreign: 'origin_mismatch',
      null: 'allowed',
    },
  ],
  [
    'same-site',
    {
      absent: 'same_site',
      own: 'same_site',
      trusted: 'allowed',
      foreign: 'same_site',
      null: 'same_site',
    },
  ],
  [
    'cross-site',
    {
      absent: 'cross_site',
      own: 'cross_site',
      trusted: 'allowed',
      foreign: 'cross_site',
      null: 'cross_site',
    },
  ],
  [
    'none',
    {
      absent: 'not_navigation',
      own: 'not_navigation',
      trusted: 'not_navigation',
      foreign: 'not_navigation',
      null: 'not_navigation',
    },
  ],
  [
    undefined,
    {
      absent: 'no_origin',
      own: 'allowed',
      trusted: 'allowed',
      foreign: 'origin_mismatch',
      null: 'origin_null',
    },
  ],
  [
    'future-value',
    {
      absent: 'no_origin',
      own: 'allowed',
      trusted: 'allowed',
      foreign: 'origin_mismatch',
      null: 'origin_null',
    },
  ],
  [
    'Same-Origin',
    {
      absent: 'no_origin',
      own: 'allowed',
      trusted: 'allowed',
      foreign: 'origin_mismatch',
      null: 'origin_null',
    },
  ],
  [
    '',
    {
      absent: 'no_origin',
      own: 'allowed',
      trusted: 'allowed',
      foreign: 'origin_mismatch',
      null: 'origin_null',
    },
  ],
]

for (const [site, row] of matrix) {
  for (const [kind, expected] of Object.entries(row)) {
    test(`Sec-Fetch-Site ${site ?? 'absent'} with Origin ${kind}: ${expected}, for every unsafe method`, () => {
      for (const method of unsafeMethods) {
        assert.equal(
          outcome({ method, secFetchSite: site, secFetchMode: 'cors', origin: origins[kind] }),
          expected,
          method,
        )
      }
    })
  }
}

test('three header families, every method, three sites: only same-origin passes unsafe methods', () => {
  const families = {
    fetchMetadata: {
      'same-origin': { secFetchSite: 'same-origin' },
      'same-site': { secFetchSite: 'same-site' },
      'cross-site': { secFetchSite: 'cross-site' },
    },
    origin: {
      'same-origin': { origin: own },
      'same-site': { origin: 'https://www.app.example' },
      'cross-site': { origin: 'https://evil.example' },
    },
    referer: {
      'same-origin': { referer: `${own}/form?a=1,2` },
      'same-site': { referer: 'https://www.app.example/' },
      'cross-site': { referer: 'https://evil.example/' },
    },
  }
  const strict = createOriginCheck()
  for (const [family, sites] of Object.entries(families)) {
    for (const [site, headers] of Object.entries(sites)) {
      for (const method of [...safeMethods, ...unsafeMethods]) {
        const { allowed } = strict({ ...post, method, ...headers })
        assert.equal(
          allowed,
          isSafeMethod(method) || site === 'same-origin',
          `${family} ${site} ${method}`,
        )
      }
    }
  }
})

const navigation = { secFetchSite: 'none', secFetchMode: 'navigate' }
const cases: readonly (readonly [string, Partial<OriginRequest>, string])[] = [
  ['a navigation that the user began', { ...navigation, secFetchDest: 'document' }, 'allowed'],
  ['a navigation without destination', navigation, 'allowed'],
  ['a plugin that navigates', { ...navigation, secFetchDest: 'embed' }, 'not_navigation'],
  ['an object that navigates', { ...navigation, secFetchDest: 'object' }, 'not_navigation'],
  [
    'a navigation of nobody with a foreign origin',
    { ...navigation, origin: 'https://evil.example' },
    'origin_mismatch',
  ],
  ['site none without mode', { secFetchSite: 'none' }, 'not_navigation'],
  ['no header at all', {}, 'no_origin'],
  [
    'null headers, as Headers.get gives',
    { secFetchSite: null, secFetchMode: null, origin: null, referer: null },
    'no_origin',
  ],
  ['empty arrays', { secFetchSite: [], origin: [], referer: [] }, 'no_origin'],
  ['one line in an array', { origin: [own] }, 'allowed'],
  ['host in another case', { origin: own, host: 'APP.Example' }, 'allowed'],
  ['host with the default port', { origin: own, host: 'app.example:443' }, 'allowed'],
  ['origin with the default port', { origin: `${own}:443` }, 'allowed'],
  ['the other scheme’s default port', { origin: own, host: 'app.example:80' }, 'origin_mismatch'],
  [
    'plain HTTP on port 80',
    { scheme: 'http', origin: 'http://app.example', host: 'app.example:80' },
    'allowed',
  ],
  ['another port', { origin: `${own}:8443` }, 'origin_mismatch'],
  ['the same other port', { origin: `${own}:8443`, host: 'app.example:8443' }, 'allowed'],
  ['the other scheme', { origin: 'http://app.example' }, 'origin_mismatch'],
  ['a downgraded server', { scheme: 'http', origin: own }, 'origin_mismatch'],
  ['IPv6 in brackets', { origin: 'https://[::1]:8443', host: '[::1]:8443' }, 'allowed'],
  ['a host that begins alike', { origin: 'https://app.example.evil.example' }, 'origin_mismatch'],
  ['a host that ends alike', { origin: 'https://evilapp.example' }, 'origin_mismatch'],
  ['a sub-domain', { origin: 'https://x.app.example' }, 'origin_mismatch'],
  ['the parent domain', { origin: 'https://example' }, 'origin_mismatch'],
  ['userinfo', { origin: 'https://app.example@evil.example' }, 'origin_mismatch'],
  ['an origin with a path', { origin: `${own}/` }, 'origin_mismatch'],
  ['an origin with a blank', { origin: `${own} ` }, 'origin_mismatch'],
  ['an origin list', { origin: `${own} https://evil.example` }, 'origin_mismatch'],
  ['an empty origin', { origin: '' }, 'origin_mismatch'],
  ['another kind of origin', { origin: 'chrome-extension://app.example' }, 'origin_mismatch'],
  ['a trailing dot', { origin: 'https://app.example.' }, 'origin_mismatch'],
  [
    'an origin of a trusted host on plain HTTP',
    { secFetchSite: 'cross-site', origin: 'http://partner.example' },
    'cross_site',
  ],
  ['a Referer of this origin', { referer: `${own}/a?b=c#d` }, 'allowed'],
  ['a Referer of a trusted origin', { referer: `${trustedOrigin}/x` }, 'allowed'],
  [
    'a foreign Referer',
    { referer: 'https://evil.example/https://app.example/' },
    'origin_mismatch',
  ],
  ['a Referer with userinfo', { referer: 'https://app.example@evil.example/' }, 'origin_mismatch'],
  ['a Referer that is no URL', { referer: '/form' }, 'origin_mismatch'],
  ['an opaque Referer', { referer: 'about:blank' }, 'origin_null'],
  ['an empty Referer', { referer: '' }, 'no_origin'],
  [
    'a foreign Origin beside an own Referer',
    { origin: 'https://evil.example', referer: `${own}/` },
    'origin_mismatch',
  ],
  ['a null Origin beside an own Referer', { origin: 'null', referer: `${own}/` }, 'origin_null'],
  ['no host', { origin: own, host: undefined }, 'bad_host'],
  ['an empty host', { origin: own, host: '' }, 'bad_host'],
  ['a host with a path', { origin: own, host: 'app.example/x' }, 'bad_host'],
  ['a host with userinfo', { origin: own, host: 'x@app.example' }, 'bad_host'],
  ['two hosts', { origin: own, host: 'app.example, evil.example' }, 'bad_host'],
  ['a port that is too high', { origin: own, host: 'app.example:65536' }, 'bad_host'],
  ['an empty port', { origin: own, host: 'app.example:' }, 'bad_host'],
  [
    'no host needed where the browser vouches',
    { secFetchSite: 'same-origin', host: undefined },
    'allowed',
  ],
  ['two Origin lines', { origin: [own, own] }, 'multiple_values'],
  ['joined Origin lines', { origin: `${own}, ${own}` }, 'multiple_values'],
  ['two Sec-Fetch-Site lines', { secFetchSite: ['same-origin', 'same-origin'] }, 'multiple_values'],
  ['joined Sec-Fetch-Site lines', { secFetchSite: 'same-origin, cross-site' }, 'multiple_values'],
  [
    'joined Sec-Fetch-Mode lines',
    { ...navigation, secFetchMode: 'navigate, cors' },
    'multiple_values',
  ],
  [
    'joined Sec-Fetch-Dest lines',
    { ...navigation, secFetchDest: 'document,embed' },
    'multiple_values',
  ],
  ['two Referer lines', { referer: [`${own}/`, 'https://evil.example/'] }, 'multiple_values'],
  ['joined Referer lines', { referer: `${own}/, https://evil.example/` }, 'multiple_values'],
  [
    'a comma in a Referer that is not needed',
    { secFetchSite: 'same-origin', referer: `${own}/,https://x.example/` },
    'allowed',
  ],
]

for (const [what, request, expected] of cases) {
  test(`POST with ${what}: ${expected}`, () => assert.equal(outcome(request), expected))
}

test('the own origin needs no entry, and nothing is trusted by default', () => {
  const strict = createOriginCheck()
  assert.equal(outcome({ origin: own }, strict), 'allowed')
  assert.equal(outcome({ origin: trustedOrigin }, strict), 'origin_mismatch')
  assert.equal(outcome({ secFetchSite: 'cross-site', origin: trustedOrigin }, strict), 'cross_site')
})

const badEntries: readonly unknown[] = [
  '*',
  'null',
  '',
  'partner.example',
  'https://',
  'https://*.example',
  'https://partner.example/',
  'https://partner.example/x',
  'https://user@partner.example',
  'https://partner.example?x',
  'https://partner.example#x',
  'https://Partner.example',
  'HTTPS://partner.example',
  'https://partner.example:443',
  'http://partner.example:80',
  'ftp://partner.example',
  'https://partner.example ',
  'https://a.example,https://b.example',
  'https://partner.example:99999',
  'https://ä.example',
  7,
  null,
]
for (const entry of badEntries) {
  test(`a trusted origin of ${JSON.stringify(entry)} is refused when the check is made`, () => {
    assert.throws(() => createOriginCheck({ trustedOrigins: [own, entry as string] }), {
      name: 'TypeError',
      message: /^trustedOrigins\[1\] must be/,
    })
  })
}

test('a trusted origin in another spelling is refused with the right one', () => {
  assert.throws(
    () => createOriginCheck({ trustedOrigins: ['https://Partner.example:443'] }),
    /must be 'https:\/\/partner\.example'/,
  )
})

test('options of another type are refused', () => {
  const wrong: unknown = { trustedOrigins: own }
  assert.throws(() => createOriginCheck(wrong as object), {
    name: 'TypeError',
    message: /^trustedOrigins must be an array/,
  })
  assert.throws(() => createOriginCheck(Object({ trusted: [] })), {
    name: 'TypeError',
    message: /originCheck\.trusted is not/,
  })
})

const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
})
const header = fc.oneof(
  bytes,
  fc.constantFrom(
    undefined,
    null,
    own,
    'null',
    'same-origin',
    'cross-site',
    'same-site',
    'none',
    'navigate',
  ),
  fc.array(bytes, { maxLength: 3 }),
)

test('property: any bytes in any header get an answer, and no foreign Origin ever passes', () => {
  const strict = createOriginCheck()
  fc.assert(
    fc.property(
      fc.record({
        secFetchSite: header,
        secFetchMode: header,
        secFetchDest: header,
        origin: header,
        referer: header,
        host: fc.oneof(bytes, fc.constant('app.example')),
      }),
      (headers) => {
        const decision = strict({ ...post, ...headers })
        const sent = [headers.origin ?? []].flat()
        if (decision.allowed && sent.length > 0) {
          assert.ok(sent[0] === 'null' || sent[0] === `https://${headers.host.toLowerCase()}`)
        }
      },
    ),
    { numRuns: 3000 },
  )
})
