import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AUDIENCE,
  base64url,
  claims,
  forge,
  ISSUER,
  keys,
  NOW,
  refused,
  verifier,
} from './support/tokens.js'
import { signText } from '../src/lib/jose/signature.js'

const INSTANTS = ['iat', 'exp'] as const

for (const name of INSTANTS) {
  for (const [what, value] of Object.entries({
    missing: undefined,
    null: null,
    'a text': String(NOW),
    'a date': new Date(NOW * 1000).toISOString(),
    'a fraction': NOW + 0.5,
    negative: -NOW,
    'in milliseconds': NOW * 1000,
    '2^53': 2 ** 53,
    '2^53 - 1': 2 ** 53 - 1,
    '1e308': 1e308,
    true: true,
    'a list': [NOW],
    'an object': { valueOf: NOW },
  })) {
    test(`${name} ${what} is refused`, () => {
      refused(forge({ payload: { [name]: value } }), undefined)
    })
  }
}

test('numbers that JSON can write and no clock can show are refused', () => {
  for (const number of ['1e999', '-0.5', '1e400', '17956000000e-1', '99999999999999999999']) {
    const text = JSON.stringify(claims()).replace(String(NOW + 300), number)
    refused(forge({ payloadText: text }), undefined)
  }
})

test('both instants in milliseconds, the wrong way round, or too far apart are refused', () => {
  refused(forge({ payload: { iat: NOW * 1000, exp: (NOW + 300) * 1000 } }), 'claims')
  refused(forge({ payload: { iat: NOW * 1000, exp: NOW * 1000 + 300 } }), 'not_yet_valid')
  refused(forge({ payload: { iat: NOW + 300, exp: NOW } }), 'claims')
  refused(forge({ payload: { exp: NOW } }), 'claims')
  refused(forge({ payload: { exp: NOW + 3601 } }), 'claims')
  verifier().verify(forge({ payload: { exp: NOW + 3600 } }))
})

test('a token that is over, or from the future, or not to be used yet is refused', () => {
  refused(forge({ payload: { iat: NOW - 400, exp: NOW - 30 } }), 'expired')
  verifier().verify(forge({ payload: { iat: NOW - 400, exp: NOW - 29 } }))
  refused(forge({ payload: { iat: NOW + 31 } }), 'not_yet_valid')
  refused(forge({ payload: { nbf: NOW + 31 } }), 'not_yet_valid')
  verifier().verify(forge({ payload: { nbf: NOW + 30 } }))
  for (const nbf of [null, '0', -1, 0.5, 1e308]) refused(forge({ payload: { nbf } }), 'claims')
})

test('the audience is ours exactly, or one of a list that holds ours exactly', () => {
  const wrong = [
    'https://other.example',
    `${AUDIENCE}/`,
    AUDIENCE.slice(0, -1),
    AUDIENCE.toUpperCase(),
    ` ${AUDIENCE}`,
    `${AUDIENCE} https://other.example`,
    `${AUDIENCE},https://other.example`,
    '*',
    ['https://other.example'],
    [`${AUDIENCE}/`],
  ]
  for (const aud of wrong) refused(forge({ payload: { aud } }), 'audience')
  const none = [
    undefined,
    null,
    '',
    [],
    {},
    true,
    0,
    { 0: AUDIENCE },
    [[AUDIENCE]],
    [AUDIENCE, 5],
    [AUDIENCE, ''],
  ]
  for (const aud of none) refused(forge({ payload: { aud } }), 'claims')
  for (const aud of [AUDIENCE, [AUDIENCE], ['https://other.example', AUDIENCE]])
    verifier().verify(forge({ payload: { aud } }))
})

test('the issuer is ours exactly', () => {
  for (const iss of [`${ISSUER}/`, ISSUER.toUpperCase(), 'https://evil.example', ` ${ISSUER}`])
    refused(forge({ payload: { iss } }), 'issuer')
  for (const iss of [undefined, null, '', [ISSUER], 5])
    refused(forge({ payload: { iss } }), 'claims')
})

test('each text that a token must have is there and is a text', () => {
  for (const name of ['sub', 'sid', 'gid', 'client_id', 'jti']) {
    for (const value of [undefined, null, '', 5, true, ['x'], { toString: 'x' }])
      refused(forge({ payload: { [name]: value } }), 'claims')
  }
})

test('what a token may have is of the right type where it is there', () => {
  const wrong = [
    { tenant: 5 },
    { tenant: '' },
    { tenant: null },
    { scope: 5 },
    { scope: '' },
    { scope: ['read'] },
    { scope: 'read  write' },
    { scope: ' read' },
    { scope: 'read\twrite' },
    { scope: 'réad' },
    { scope: 'a"b' },
    { auth_time: String(NOW) },
    { auth_time: 1.5 },
    { acr: 2 },
    { acr: '' },
    { amr: 'pwd' },
    { amr: [1] },
    { amr: { 0: 'pwd' } },
  ]
  for (const payload of wrong) refused(forge({ payload }), 'claims')
})

test('a token that is bound in a way which is not checked here is refused, not taken as unbound', () => {
  const jkt = 'x'.repeat(43)
  const wrong = [
    null,
    {},
    [],
    'x',
    { jkt: 5 },
    { jkt: 'short' },
    { jkt, 'x5t#S256': jkt },
    { 'x5t#S256': jkt },
    { jwk: {} },
  ]
  for (const cnf of wrong) refused(forge({ payload: { cnf } }), 'claims')
  assert.deepEqual(verifier().verify(forge({ payload: { cnf: { jkt } } })).cnf, { jkt })
})

test('a member that stands twice is refused, in header and payload, at any depth and in any spelling', () => {
  const payload = JSON.stringify(claims({ cnf: { jkt: 'x'.repeat(43) } }))
  const twice = [
    payload.replace('{', '{"sub":"eve",'),
    payload.replace(/\}$/, ',"sub":"eve"}'),
    payload.replace('{', String.raw`{"s\u0075b":"eve",`),
    payload.replace('"cnf":{', `"cnf":{"jkt":"${'y'.repeat(43)}",`),
    payload.replace('{', '{"__proto__":1,"__proto__":2,'),
  ]
  for (const payloadText of twice) refused(forge({ payloadText }), 'malformed')
  const header = JSON.stringify({ typ: 'at+jwt', alg: 'EdDSA', kid: keys.EdDSA.kid })
  refused(forge({ headerText: header.replace('{', '{"alg":"none",') }), 'malformed')
  refused(forge({ headerText: header.replace('{', '{"kid":"x",') }), 'malformed')
  for (const jti of ['a:b', '":', ':"', '\\":', '\\', '{"a":1}', '\\":\\"'])
    assert.equal(verifier().verify(forge({ payload: { jti, [jti]: { ':': [jti] } } })).jti, jti)
})

test('a payload that is no JSON object in UTF-8 is refused', () => {
  const texts = [
    '',
    'null',
    '[]',
    '"text"',
    '5',
    '{',
    '{}x',
    "{'a':1}",
    '\uFEFF{}',
    '[{}]',
    '{"a":NaN}',
    '{"a":1,}',
  ]
  for (const payloadText of texts) refused(forge({ payloadText }), 'malformed')
  refused(forge({ payloadText: '{}' }), 'claims')
  const [header = ''] = forge().split('.')
  const invalid = Buffer.concat([
    Buffer.from('{"sub":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}'),
  ])
  const input = `${header}.${base64url(invalid)}`
  refused(`${input}.${base64url(signText('EdDSA', keys.EdDSA.privateKey, input))}`, 'malformed')
  refused(forge({ payloadText: '['.repeat(3000) + ']'.repeat(3000) }), 'malformed')
})

test('names of built-in properties are nothing special, and what is not known is not handed on', () => {
  const text = JSON.stringify(claims()).replace(
    '{',
    '{"__proto__":{"admin":true},"constructor":{"a":1},"role":"admin",',
  )
  const verified = verifier().verify(forge({ payloadText: text }))
  assert.deepEqual(Object.keys(verified).toSorted(), Object.keys(claims()).toSorted())
  assert.equal(Object.getPrototypeOf(verified), Object.prototype)
  assert.equal('admin' in {}, false)
})
