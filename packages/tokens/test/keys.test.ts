import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import {
  createKeySet,
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type SigningAlgorithm,
} from '@holdfast/tokens'
import { keys } from './support/tokens.js'

test('the first key signs, all are found by their exact kid, and no private half is handed out', () => {
  const set = createKeySet([keys.ES256, keys.EdDSA])
  assert.equal(set.current, keys.ES256)
  const found = set.find(keys.EdDSA.kid)
  assert.deepEqual(Object.keys(found ?? {}).toSorted(), ['alg', 'kid', 'publicKey'])
  for (const kid of ['', '__proto__', 'constructor', keys.RS256.kid])
    assert.equal(set.find(kid), undefined)
})

test('the published set has the public members, the use and the algorithm of each key', () => {
  const [published] = createKeySet([keys.ES256]).jwks().keys
  const { kid, alg } = keys.ES256
  const { x, y } = keys.ES256.publicKey.export({ format: 'jwk' })
  assert.deepEqual(published, { kty: 'EC', crv: 'P-256', x, y, kid, alg, use: 'sig' })
  assert.equal(createKeySet([keys.RS256]).jwks().keys[0]?.['d'], undefined)
})

test('a set without keys, with one key twice, or of something else is refused', () => {
  assert.throws(() => createKeySet([]), /keys is empty/)
  assert.throws(() => createKeySet([keys.EdDSA, keys.EdDSA]), /the same key twice/)
  assert.throws(() => createKeySet('keys' as unknown as []), /keys must be an array/)
  assert.throws(() => generateSigningKey('HS256' as SigningAlgorithm), TypeError)
})

test('a key that is weak, of another curve, symmetric, public or put together of two is refused without being shown', () => {
  const foreign = [
    generateKeyPairSync('rsa', { modulusLength: 1024 }),
    generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('ed448'),
  ].map(({ privateKey }) => privateKey.export({ format: 'jwk' }))
  const [mine, other] = [
    exportSigningKey(keys.ES256),
    exportSigningKey(generateSigningKey('ES256')),
  ]
  const mixed = [
    { ...mine, d: other.d ?? '' },
    keys.EdDSA.publicKey.export({ format: 'jwk' }),
    { kty: 'oct', k: 'AAAA' },
    {},
  ]
  for (const jwk of [...foreign, ...mixed]) {
    assert.throws(
      () => importSigningKey(jwk),
      (error) => {
        assert.ok(error instanceof Error && 'code' in error)
        assert.equal(error.code, 'ERR_TOKEN_KEY_INVALID')
        assert.ok(typeof jwk.d !== 'string' || !String(error.stack).includes(jwk.d))
        assert.equal(error.cause, undefined)
        assert.equal(/none of Ed25519/.test(error.message), foreign.includes(jwk))
        return true
      },
    )
  }
})

test('what a JWK says of its own name and algorithm is not believed', () => {
  const key = importSigningKey({
    ...exportSigningKey(keys.RS256),
    kid: 'mine',
    alg: 'HS256',
    use: 'enc',
  })
  assert.deepEqual([key.kid, key.alg], [keys.RS256.kid, 'RS256'])
})
