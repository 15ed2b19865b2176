import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNonces } from '@holdfast/tokens'
import { clientKey } from './support/proofs.js'
import {
  ALGS,
  bound,
  invalid,
  now,
  proofFor,
  refuses,
  request,
  server,
  type Wanted,
} from './support/resource.js'
import { accessToken, keys } from './support/tokens.js'

test('a token that is bound to a key passes with a proof by that key, once', async () => {
  const one = server()
  const token = bound()
  const proof = proofFor(token)
  const ask = request(`DPoP ${token}`, proof)
  assert.equal((await one.verify(ask)).claims.cnf?.jkt, clientKey.kid)
  const challenge = `DPoP error="invalid_dpop_proof", ${ALGS}`
  const wanted: Wanted = { code: 'ERR_TOKEN_DPOP_INVALID', status: 401, challenge }
  assert.equal((await refuses(one.verify(ask), wanted)).reason, 'proof_replayed')
  await one.verify(request(`dpop ${token}`, proofFor(token)))
  for (const wrong of [
    undefined,
    [proofFor(token), proofFor(token)],
    proofFor(accessToken()),
    proofFor(token, { htm: 'POST' }),
    proofFor(token, { htu: 'https://evil.example/orders/7' }),
    proofFor(token, {}, keys.ES256),
  ])
    await refuses(one.verify(request(`DPoP ${token}`, wrong)), wanted)
})

test('two uses of one proof at once: one passes', async () => {
  const one = server()
  const token = bound()
  const ask = request(`DPoP ${token}`, proofFor(token))
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => one.verify(ask)))
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('the memory of proofs may be shared', async () => {
  const seen = new Set<string>()
  const firstUse = async ({ jti }: { readonly jti: string }): Promise<boolean> => {
    await Promise.resolve()
    return seen.size < seen.add(jti).size
  }
  const token = bound()
  const ask = request(`DPoP ${token}`, proofFor(token))
  await server({ firstUse }).verify(ask)
  await assert.rejects(server({ firstUse }).verify(ask), { reason: 'proof_replayed' })
})

test('a proof is not remembered for a token that is refused anyway', async () => {
  let remembered = 0
  const firstUse = (): boolean => {
    remembered += 1
    return true
  }
  const token = bound({ scope: 'read' })
  const ask = (): ReturnType<typeof request> => request(`DPoP ${token}`, proofFor(token))
  await assert.rejects(server({ firstUse, isLive: () => false }).verify(ask()), {
    reason: 'revoked',
  })
  const wanted = { scopes: ['admin'] }
  await assert.rejects(server({ firstUse }).verify(ask(), wanted), { code: 'ERR_TOKEN_SCOPE' })
  assert.equal(remembered, 0)
  await server({ firstUse, isLive: () => true }).verify(ask(), { scopes: ['read'] })
  assert.equal(remembered, 1)
})

test('a bound token is not taken as a bearer token, with or without a proof, nor a free one as bound', async () => {
  const token = bound()
  await refuses(server().verify(request(`Bearer ${token}`, proofFor(token))), invalid)
  const free = accessToken()
  const challenge = `DPoP error="invalid_token", ${ALGS}`
  await refuses(server().verify(request(`DPoP ${free}`, proofFor(free))), { ...invalid, challenge })
})

test('where proofs are required a free token is refused, and the challenge says how', async () => {
  const one = server({ proofRequired: true })
  const challenge = `DPoP error="invalid_token", ${ALGS}`
  await refuses(one.verify(request(`Bearer ${accessToken()}`)), { ...invalid, challenge })
  await refuses(one.verify(request(undefined)), {
    code: 'ERR_TOKEN_MISSING',
    status: 401,
    challenge: `DPoP ${ALGS}`,
  })
  const token = bound()
  await one.verify(request(`DPoP ${token}`, proofFor(token)))
})

test('where nonces are given out, the first proof is told one, and the next answer brings the next', async () => {
  const nonces = createNonces({ now })
  const one = server({ nonces })
  const token = bound()
  const challenge = `DPoP error="use_dpop_nonce", ${ALGS}`
  const error = await refuses(one.verify(request(`DPoP ${token}`, proofFor(token))), {
    code: 'ERR_TOKEN_DPOP_NONCE',
    status: 401,
    challenge,
  })
  const nonce = error.headers['DPoP-Nonce']
  const { headers } = await one.verify(request(`DPoP ${token}`, proofFor(token, { nonce })))
  assert.deepEqual(headers, { 'DPoP-Nonce': nonces.issue() })
  assert.deepEqual((await one.verify(request(`Bearer ${accessToken()}`))).headers, {})
})
