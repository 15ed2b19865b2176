import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify, SignJWT } from 'jose'
import { exportSigningKey, generateSigningKey } from '@holdfast/tokens'
import {
  athOf,
  check,
  clientKey,
  foreignKeys,
  JTI,
  makeProof,
  publicJwk,
  refusedProof,
  URL_OF_REQUEST,
} from './support/proofs.js'
import { accessToken, ALGORITHMS, base64url, keys, NOW } from './support/tokens.js'

for (const alg of ALGORITHMS) {
  test(`${alg}: a proof for the request is honoured, and says by which key it is`, async () => {
    const proof = check(makeProof({ key: keys[alg] }))
    const jkt = await calculateJwkThumbprint(publicJwk(keys[alg]))
    assert.deepEqual(proof, { jkt, jti: JTI, iat: NOW, until: NOW * 1000 + 60_000 })
  })
}

test('what jose signs as a proof is honoured, and jose honours what the tests make', async () => {
  const proof = await new SignJWT({ htm: 'GET', htu: URL_OF_REQUEST, jti: JTI })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk(clientKey) })
    .setIssuedAt(NOW)
    .sign(clientKey.privateKey)
  assert.equal(check(proof).jkt, clientKey.kid)
  await jwtVerify(makeProof(), EmbeddedJWK, { typ: 'dpop+jwt' })
})

test('a request without a proof is refused', () => {
  for (const none of [null, undefined, []]) refusedProof(none, 'proof_missing')
})

test('two proofs are refused, in two lines or joined in one', () => {
  const proof = makeProof()
  refusedProof([proof, proof], 'proof_repeated')
  refusedProof(`${proof}, ${proof}`, 'proof_malformed')
  refusedProof(`${proof},${proof}`, 'proof_malformed')
})

test('a proof that is no signed token is refused', () => {
  for (const wrong of ['', 'x', 'a.b', 'a.b.c', `${makeProof()}.x`, `DPoP ${makeProof()}`])
    refusedProof(wrong, 'proof_malformed')
})

test('a huge proof is refused', () => {
  refusedProof(makeProof({ payload: { more: 'x'.repeat(9000) } }), 'proof_malformed')
})

test('a proof without its signature is refused', () => {
  refusedProof(makeProof().replace(/[^.]+$/, ''), 'proof_malformed')
})

test('a token of another type is no proof', () => {
  for (const typ of [undefined, 'JWT', 'at+jwt', 'DPOP+JWT', 'application/dpop+jwt', 5])
    refusedProof(makeProof({ header: { typ } }), 'proof_type')
})

test('an access token is no proof', () => {
  refusedProof(accessToken(), 'proof_header')
})

test('an unsigned or symmetric proof is refused', () => {
  for (const alg of ['none', 'NONE', 'HS256', '', undefined, null])
    refusedProof(makeProof({ header: { alg } }), 'proof_algorithm')
})

test('an algorithm that is not that of the key is refused', () => {
  for (const alg of ['RS256', 'EdDSA', 'ES384', 'PS256', ['ES256']])
    refusedProof(makeProof({ header: { alg } }), 'proof_algorithm')
})

test('a proof without a key is refused', () => {
  for (const jwk of [undefined, null, {}, [], 'key', clientKey.kid])
    refusedProof(makeProof({ header: { jwk } }), 'proof_key')
})

test('a proof that gives its private key away is refused', () => {
  refusedProof(makeProof({ header: { jwk: exportSigningKey(clientKey) } }), 'proof_key')
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
    refusedProof(
      makeProof({ header: { jwk: { ...publicJwk(clientKey), [name]: '' } } }),
      'proof_key',
    )
})

test('a symmetric key is refused', () => {
  refusedProof(makeProof({ header: { jwk: { kty: 'oct', k: 'AAAA' } } }), 'proof_key')
})

for (const jwk of foreignKeys()) {
  test(`a key of ${jwk.kty} ${jwk.crv ?? `with ${jwk.n?.length} characters, e ${jwk.e}`} is refused`, () => {
    refusedProof(makeProof({ header: { jwk } }), 'proof_key')
  })
}

test('a key whose numbers are no point, of the wrong length, or not canonical is refused', () => {
  const jwk = publicJwk(clientKey)
  const { x = '', y = '' } = jwk
  const longer = base64url(Buffer.concat([Buffer.alloc(1), Buffer.from(x, 'base64url')]))
  for (const wrong of [
    { x: y },
    { x: base64url(Buffer.alloc(32)), y: base64url(Buffer.alloc(32)) },
  ])
    refusedProof(makeProof({ header: { jwk: { ...jwk, ...wrong } } }), 'proof_key')
  for (const wrong of [longer, `${x}=`, x.slice(1), '', 5, undefined])
    refusedProof(makeProof({ header: { jwk: { ...jwk, x: wrong } } }), 'proof_key')
})

test('an RSA key has one thumbprint: leading zeros are refused', () => {
  const jwk = publicJwk(keys.RS256)
  const n = base64url(Buffer.concat([Buffer.alloc(1), Buffer.from(jwk.n ?? '', 'base64url')]))
  refusedProof(makeProof({ key: keys.RS256, header: { jwk: { ...jwk, n } } }), 'proof_key')
})

test('a key that the proof does not hold but names is refused', () => {
  const url = 'https://evil.example/keys'
  for (const header of [{ kid: 'x' }, { jku: url }, { x5u: url }, { x5c: [] }])
    refusedProof(makeProof({ header }), 'proof_header')
})

test('a header that changes how the rest is read is refused', () => {
  for (const header of [{ crit: ['x'] }, { b64: false }, { zip: 'DEF' }])
    refusedProof(makeProof({ header }), 'proof_header')
})

test('a signature of another key is refused', () => {
  const jwk = publicJwk(generateSigningKey('ES256'))
  refusedProof(makeProof({ header: { jwk } }), 'proof_signature')
})

test('a proof that was changed after it was signed is refused', () => {
  const [header = '', , signature = ''] = makeProof().split('.')
  const payload = makeProof({ payload: { jti: 'BBBBBBBBBBBBBBBBBBBBBB' } }).split('.')[1] ?? ''
  refusedProof(`${header}.${payload}.${signature}`, 'proof_signature')
})

test('a psychic signature is refused', () => {
  const proof = makeProof().replace(/[^.]+$/, base64url(new Uint8Array(64)))
  refusedProof(proof, 'proof_signature')
})

test('a proof for another method is refused, and methods are told apart by case', () => {
  for (const htm of ['POST', 'get', 'Get', 'GET ', '', undefined, null, ['GET']])
    refusedProof(makeProof({ payload: { htm } }), 'proof_method')
  refusedProof(makeProof(), 'proof_method', { method: 'HEAD' })
})

for (const htu of [
  'https://evil.example/orders/7',
  'https://api.example.evil.example/orders/7',
  'http://api.example/orders/7',
  'https://api.example:8443/orders/7',
  'https://api.example/orders/8',
  'https://api.example/orders/7/',
  'https://api.example/orders',
  'https://api.example/Orders/7',
  'https://api.example/',
  '/orders/7',
  '//api.example/orders/7',
  'https:api.example/orders/7',
  'https:///api.example/orders/7',
  'https:/api.example/orders/7',
  String.raw`https:\\api.example\orders\7`,
  'https://ada@api.example/orders/7',
  'https://:x@api.example/orders/7',
  'https://api.example/orders/7?',
  'https://api.example/orders/7?page=1',
  'https://api.example/orders/7#top',
  'https://api.example/orders%2f7',
  ' https://api.example/orders/7',
  'https://api.example/orders/7\n',
  'https://api.exa\tmple/orders/7',
  'https://api.example/orders/7%00',
  'https://',
  '',
  'ftp://api.example/orders/7',
  5,
  null,
  undefined,
  ['https://api.example/orders/7'],
]) {
  test(`"htu": ${JSON.stringify(htu)} is refused`, () => {
    refusedProof(makeProof({ payload: { htu } }), 'proof_url')
  })
}

for (const htu of [
  'https://api.example:443/orders/7',
  'HTTPS://API.example/orders/7',
  'https://api.example/orders/%37',
  'https://api.example/%6frders/7',
  'https://api.example/x/../orders/./7',
]) {
  test(`"htu": ${JSON.stringify(htu)} is the same place`, () => {
    check(makeProof({ payload: { htu } }))
  })
}

test('the query of the request does not count, its escapes are compared without regard to case', () => {
  check(makeProof(), { url: `${URL_OF_REQUEST}?page=2#x` })
  const htu = 'https://api.example/a%2fb'
  check(makeProof({ payload: { htu } }), { url: 'https://api.example/a%2Fb' })
  refusedProof(makeProof({ payload: { htu } }), 'proof_url', { url: 'https://api.example/a/b' })
  refusedProof(makeProof(), 'proof_url', { url: 'not a url' })
  refusedProof(makeProof(), 'proof_url', { url: '/orders/7' })
})

test('a proof is good for a minute, and by half a minute of wrong clock before', () => {
  const iat = (seconds: number): string => makeProof({ payload: { iat: NOW + seconds } })
  check(iat(-59))
  refusedProof(iat(-60), 'proof_time')
  check(iat(30))
  refusedProof(iat(31), 'proof_time')
})

test('a proof whose time is absent or no whole number of seconds is refused', () => {
  for (const iat of [undefined, null, String(NOW), NOW + 0.5, NOW * 1000, -NOW, 2 ** 53, 1e308, 0])
    refusedProof(makeProof({ payload: { iat } }), 'proof_time')
  refusedProof(makeProof(), 'proof_time', { now: NaN })
})

test('an identifier that is absent, too short to be unique or too long to keep is refused', () => {
  for (const jti of [undefined, null, '', 'A'.repeat(15), 'A'.repeat(129), 1234567890123456, [JTI]])
    refusedProof(makeProof({ payload: { jti } }), 'proof_id')
  for (const jti of ['A'.repeat(16), 'A'.repeat(128)]) check(makeProof({ payload: { jti } }))
})

test('a proof that is not for the access token beside it is refused', () => {
  const token = accessToken()
  check(makeProof({ payload: { ath: athOf(token) } }), { accessToken: token })
  for (const ath of [
    undefined,
    null,
    '',
    athOf(`${token} `),
    `${athOf(token)}=`,
    token,
    [athOf(token)],
  ])
    refusedProof(makeProof({ payload: { ath } }), 'proof_token', { accessToken: token })
})

test('a proof by another key than the token is bound to is refused', () => {
  check(makeProof(), { jkt: clientKey.kid })
  refusedProof(makeProof({ key: keys.EdDSA }), 'proof_binding', { jkt: clientKey.kid })
  refusedProof(makeProof(), 'proof_binding', { jkt: `${clientKey.kid}=` })
})

test('a nonce that is not ours asks for one, and only if the rest is right', () => {
  const nonce = (known: string | undefined): boolean => known === 'ours'
  check(makeProof({ payload: { nonce: 'ours' } }), { nonce })
  for (const wrong of [undefined, '', 'theirs'])
    refusedProof(
      makeProof({ payload: { nonce: wrong } }),
      'proof_nonce',
      { nonce },
      'ERR_TOKEN_DPOP_NONCE',
    )
  for (const wrong of [null, 5, ['ours']])
    refusedProof(makeProof({ payload: { nonce: wrong } }), 'proof_nonce', { nonce })
  refusedProof(makeProof({ payload: { htm: 'POST' } }), 'proof_method', { nonce })
  check(makeProof({ payload: { nonce: 'not asked for' } }))
})

test('a member that stands twice is refused', () => {
  const [header = ''] = makeProof().split('.')
  const payload = base64url(
    `{"htm":"POST","htm":"GET","htu":"${URL_OF_REQUEST}","iat":${NOW},"jti":"${JTI}"}`,
  )
  refusedProof(`${header}.${payload}.AA`, 'proof_malformed')
})
