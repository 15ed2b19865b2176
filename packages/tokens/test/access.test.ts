import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AccessTokenVerifier, createKeySet, signAccessToken } from '@holdfast/tokens'
import {
  accessToken,
  ALGORITHMS,
  AUDIENCE,
  claims,
  ISSUER,
  keys,
  keySet,
  NOW,
  refused,
  verifier,
} from './support/tokens.js'

for (const alg of ALGORITHMS) {
  test(`${alg}: what is signed is verified, claim by claim`, () => {
    const more = {
      tenant: 'one',
      scope: 'read write',
      auth_time: NOW - 60,
      acr: 'aal2',
      amr: ['pwd', 'otp'],
      cnf: { jkt: 'x'.repeat(43) },
    }
    assert.deepEqual(verifier().verify(accessToken(keys[alg], more)), claims(more))
  })
}

test('a token is good until its end and the difference that clocks may have, and no longer', () => {
  const token = accessToken()
  const at = (ms: number): AccessTokenVerifier => verifier({ now: () => ms })
  const end = (NOW + 300) * 1000
  at(end + 29_999).verify(token)
  refused(token, 'expired', at(end + 30_000))
  at(NOW * 1000 - 30_000).verify(token)
  refused(token, 'not_yet_valid', at(NOW * 1000 - 30_001))
  refused(token, 'expired', verifier({ now: () => end, clockSkew: 0 }))
  refused(token, undefined, at(NaN))
})

test('a token that was verified before is refused once it has expired', () => {
  let now = NOW * 1000
  const one = verifier({ now: () => now, clockSkew: 0 })
  const token = accessToken()
  one.verify(token)
  now += 299_999
  one.verify(token)
  now += 1
  refused(token, 'expired', one)
  refused(token, 'expired', one)
})

test('a token that was verified before is refused once its key is gone, and checked anew under a new one', () => {
  let found = keySet
  const one = verifier({ keys: { find: (kid) => found.find(kid) } })
  const token = accessToken()
  one.verify(token)
  found = createKeySet([keys.ES256])
  refused(token, 'unknown_key', one)
  found = keySet
  one.verify(token)
})

test('a remembered answer is the same object and cannot be changed by whoever got it', () => {
  const one = verifier()
  const token = accessToken(keys.EdDSA, { amr: ['pwd'], aud: [AUDIENCE, 'https://b.example'] })
  const first = one.verify(token)
  assert.equal(one.verify(token), first)
  for (const value of [first, first.amr, first.aud]) assert.ok(Object.isFrozen(value))
})

test('no more tokens are remembered than allowed', () => {
  const one = verifier({ cacheSize: 2 })
  const tokens = ['a', 'b', 'c'].map((jti) => accessToken(keys.EdDSA, { jti }))
  const first = tokens.map((token) => one.verify(token))
  assert.deepEqual(
    tokens.toReversed().map((token) => one.verify(token) === first[tokens.indexOf(token)]),
    [true, true, false],
  )
  const none = verifier({ cacheSize: 0 })
  assert.notEqual(none.verify(tokens[0] ?? ''), none.verify(tokens[0] ?? ''))
})

test('claims that no verifier would take are not signed', () => {
  for (const wrong of [{ exp: NOW }, { exp: NOW + 3601 }, { iat: NOW * 1000 }, { sub: '' }])
    assert.throws(() => signAccessToken(keys.EdDSA, claims(wrong)), TypeError)
})

test('an option that is unknown, of the wrong type or out of bounds is refused by its name', () => {
  const options = { keys: keySet, issuer: ISSUER, audience: AUDIENCE }
  const make = (more: object) => (): unknown => new AccessTokenVerifier({ ...options, ...more })
  assert.throws(make({ audiance: 'x' }), /unknown option 'audiance'/)
  assert.throws(make({ audience: '' }), /audience must be a text/)
  assert.throws(make({ issuer: 5 }), /issuer must be a text/)
  assert.throws(make({ clockSkew: 30_001 }), /clockSkew must be a whole number from 0 to 30000/)
  assert.throws(make({ cacheSize: -1 }), /cacheSize must be/)
  assert.throws(make({ cacheSize: '9' }), TypeError)
})
