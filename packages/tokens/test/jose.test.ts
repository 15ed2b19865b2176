import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  importJWK,
  jwtVerify,
  SignJWT,
  type JSONWebKeySet,
} from 'jose'
import { exportSigningKey, generateSigningKey, importSigningKey } from '@holdfast/tokens'
import {
  accessToken,
  ALGORITHMS,
  AUDIENCE,
  claims,
  ISSUER,
  keys,
  keySet,
  NOW,
  verifier,
} from './support/tokens.js'

const SIGNATURES = 20

for (const alg of ALGORITHMS) {
  test(`${alg}: what jose signs is verified here`, async () => {
    // ECDSA: about half of these have the greater of the two values of s.
    for (let round = 0; round < SIGNATURES; round++) {
      const wanted = claims({ jti: randomUUID() })
      const token = await new SignJWT({ ...wanted, aud: AUDIENCE })
        .setProtectedHeader({ alg, typ: 'at+jwt', kid: keys[alg].kid })
        .sign(keys[alg].privateKey)
      assert.deepEqual(verifier().verify(token), wanted)
    }
  })

  test(`${alg}: what is signed here jose verifies, with the key set as it is published`, async () => {
    const published: JSONWebKeySet = JSON.parse(JSON.stringify(keySet.jwks()))
    for (let round = 0; round < SIGNATURES; round++) {
      const wanted = claims({ jti: randomUUID() })
      const { payload, protectedHeader } = await jwtVerify(
        accessToken(keys[alg], wanted),
        createLocalJWKSet(published),
        { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', currentDate: new Date(NOW * 1000) },
      )
      assert.deepEqual(payload, wanted)
      assert.deepEqual(protectedHeader, { typ: 'at+jwt', alg, kid: keys[alg].kid })
    }
  })

  test(`${alg}: the kid is the thumbprint that jose computes, and a key survives export and import`, async () => {
    const key = generateSigningKey(alg)
    assert.equal(key.kid, await calculateJwkThumbprint(await exportJWK(key.publicKey)))
    const again = importSigningKey(exportSigningKey(key))
    assert.deepEqual([again.kid, again.alg], [key.kid, alg])
    assert.ok(again.privateKey.equals(key.privateKey))
    await importJWK(JSON.parse(JSON.stringify(exportSigningKey(key))), alg)
  })
}
