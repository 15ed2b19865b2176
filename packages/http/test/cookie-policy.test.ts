import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveCookie } from '../src/index.js'

test('the default cookie is __Host-, Secure, HttpOnly, Lax, for one host and every path', () => {
  const policy = resolveCookie()
  assert.equal(policy.name, '__Host-session')
  assert.equal(policy.attributes, '; Path=/; Secure; HttpOnly; SameSite=Lax')
  assert.equal(policy.sameSite, 'lax')
  assert.equal(policy.path, '/')
  assert.equal(policy.domain, undefined)
  assert.deepEqual(policy.warnings, [])
  assert.equal(policy.loopback, undefined)
})

test('a policy cannot be changed afterwards', () => {
  assert.ok(Object.isFrozen(resolveCookie({}, { development: true })))
  assert.ok(Object.isFrozen(resolveCookie({}, { development: true }).loopback))
  assert.ok(Object.isFrozen(resolveCookie().warnings))
})

test('each SameSite value is written out', () => {
  assert.match(resolveCookie({ sameSite: 'lax' }).attributes, /; SameSite=Lax$/)
  assert.match(resolveCookie({ sameSite: 'strict' }).attributes, /; SameSite=Strict$/)
  const none = resolveCookie({ sameSite: 'none', acceptCrossSite: true })
  assert.match(none.attributes, /; Secure; HttpOnly; SameSite=None$/)
  assert.match(none.warnings.join(), /SameSite|sameSite 'none'/)
})

test('a domain renames the cookie to __Secure- and warns', () => {
  const policy = resolveCookie({ domain: 'example.com' })
  assert.equal(policy.name, '__Secure-session')
  assert.equal(policy.attributes, '; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax')
  assert.equal(policy.warnings.length, 1)
  assert.match(policy.warnings[0] ?? '', /sub-domain/)
})

test('a __Secure- name may have a path and a domain', () => {
  const policy = resolveCookie({ name: '__Secure-app', path: '/app', domain: 'a.example.com' })
  assert.equal(
    policy.attributes,
    '; Path=/app; Domain=a.example.com; Secure; HttpOnly; SameSite=Lax',
  )
})

test('__Host-Http- names are accepted and obey the __Host- rules', () => {
  assert.equal(resolveCookie({ name: '__Host-Http-app' }).name, '__Host-Http-app')
  assert.throws(() => resolveCookie({ name: '__Host-Http-app', path: '/x' }), /cookie\.path/)
  assert.throws(
    () => resolveCookie({ name: '__Host-Http-app', domain: 'example.com' }),
    /cookie\.domain/,
  )
})

test('the expired form repeats name, path and domain and ends in 1970', () => {
  assert.equal(
    resolveCookie({ name: '__Secure-a', domain: 'example.com' }).expired,
    '__Secure-a=; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
  )
})

test('development adds a cookie for plain HTTP on loopback: no prefix, Secure or domain', () => {
  const variants: readonly (readonly [Parameters<typeof resolveCookie>[0], string, string])[] = [
    [{}, 'session', '; Path=/; HttpOnly; SameSite=Lax'],
    [{ name: '__Host-app' }, 'app', '; Path=/; HttpOnly; SameSite=Lax'],
    [{ name: '__Host-Http-app' }, 'app', '; Path=/; HttpOnly; SameSite=Lax'],
    [
      { name: '__Secure-app', path: '/x', sameSite: 'strict' },
      'app',
      '; Path=/x; HttpOnly; SameSite=Strict',
    ],
    [{ domain: 'example.com' }, 'session', '; Path=/; HttpOnly; SameSite=Lax'],
    [{ sameSite: 'none', acceptCrossSite: true }, 'session', '; Path=/; HttpOnly; SameSite=Lax'],
  ]
  for (const [options, name, attributes] of variants) {
    const policy = resolveCookie(options, { development: true })
    assert.equal(policy.loopback?.name, name)
    assert.equal(policy.loopback.attributes, attributes)
    assert.match(policy.attributes, /; Secure/, 'the form for HTTPS stays as it is')
  }
})

const refused: readonly (readonly [string, object, RegExp])[] = [
  [
    'name without prefix',
    { name: 'session' },
    /cookie\.name must be __Host-<name> or __Secure-<name>; got 'session'/,
  ],
  ['name with another prefix', { name: '__Http-session' }, /cookie\.name/],
  ['name that is only a prefix', { name: '__Host-' }, /cookie\.name/],
  ['name that is only the long prefix', { name: '__Host-Http-' }, /cookie\.name/],
  [
    'lower-case prefix',
    { name: '__host-session' },
    /cookie\.name must spell its prefix __Host-; got '__host-session'/,
  ],
  ['upper-case prefix', { name: '__HOST-session' }, /spell its prefix/],
  ['lower-case secure prefix', { name: '__secure-session' }, /spell its prefix __Secure-/],
  ['half lower-case long prefix', { name: '__Host-http-session' }, /spell its prefix __Host-Http-/],
  ['empty name', { name: '' }, /cookie\.name must be an RFC 6265 token/],
  ['name with space', { name: '__Host-a b' }, /token/],
  ['name with equals', { name: '__Host-a=b' }, /token/],
  ['name with semicolon', { name: '__Host-a;b' }, /token/],
  ['name with newline', { name: '__Host-a\n' }, /token/],
  ['name with umlaut', { name: '__Host-ä' }, /token/],
  ['name of wrong type', { name: 5 }, /cookie\.name.*got 5/],
  [
    'domain under __Host-',
    { name: '__Host-a', domain: 'example.com' },
    /cookie\.domain excludes the __Host- prefix/,
  ],
  [
    'path under __Host-',
    { path: '/app' },
    /cookie\.path must be '\/' under the __Host- prefix; got '\/app'/,
  ],
  ['domain with leading dot', { domain: '.example.com' }, /cookie\.domain/],
  ['domain of one label', { domain: 'localhost' }, /cookie\.domain/],
  ['domain that is an address', { domain: '127.0.0.1' }, /cookie\.domain/],
  ['domain in upper case', { domain: 'Example.com' }, /cookie\.domain/],
  ['domain with port', { domain: 'example.com:80' }, /cookie\.domain/],
  ['domain that injects', { domain: 'example.com; Path=/x' }, /cookie\.domain/],
  ['domain that is too long', { domain: `${'a.'.repeat(130)}com` }, /cookie\.domain/],
  ['empty domain', { domain: '' }, /cookie\.domain/],
  ['relative path', { name: '__Secure-a', path: 'app' }, /cookie\.path/],
  ['path that injects', { name: '__Secure-a', path: '/;Secure' }, /cookie\.path/],
  ['path with newline', { name: '__Secure-a', path: '/\n' }, /cookie\.path/],
  ['path that is too long', { name: '__Secure-a', path: `/${'a'.repeat(1024)}` }, /cookie\.path/],
  [
    'wrong sameSite',
    { sameSite: 'foo' },
    /cookie\.sameSite must be 'lax', 'strict' or 'none'; got 'foo'/,
  ],
  ['sameSite in another case', { sameSite: 'Lax' }, /cookie\.sameSite/],
  ['inherited sameSite', { sameSite: 'toString' }, /cookie\.sameSite/],
  [
    'sameSite none alone',
    { sameSite: 'none' },
    /cookie\.sameSite 'none' needs cookie\.acceptCrossSite: true/,
  ],
  ['acceptCrossSite false', { acceptCrossSite: false }, /cookie\.acceptCrossSite/],
  ['secure: false', { secure: false }, /cookie\.secure is not an option/],
  ['misspelt option', { samesite: 'strict' }, /cookie\.samesite is not an option/],
]

for (const [what, options, message] of refused) {
  test(`refused with a TypeError that names the option: ${what}`, () => {
    assert.throws(() => resolveCookie(options), { name: 'TypeError', message })
  })
}

test('options that are no object are refused', () => {
  const wrong: unknown = 'session'
  assert.throws(() => resolveCookie(wrong as object), {
    name: 'TypeError',
    message: /^cookie must be an object/,
  })
})
