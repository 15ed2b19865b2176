import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createKeySet,
  createNonces,
  createResourceServer,
  generateSigningKey,
  remoteKeys,
  type SigningKey,
  TokenError,
  type AccessClaims,
  type AccessRequest,
  type AccessRequirements,
  type ResourceServer,
  type ResourceServerOptions,
  type TokenErrorCode,
} from '@holdfast/tokens'
import { Issuer } from './support/issuer.js'
import { athOf, clientKey, makeProof, URL_OF_REQUEST } from './support/proofs.js'
import {
  accessToken,
  AUDIENCE,
  claims,
  forge,
  ISSUER,
  keys,
  keySet,
  NOW,
} from './support/tokens.js'

const now = (): number => NOW * 1000
const ALGS = 'algs="ES256 EdDSA RS256"'

function server(more: Partial<ResourceServerOptions> = {}): ResourceServer {
  return createResourceServer({ issuer: ISSUER, audience: AUDIENCE, keys: keySet, now, ...more })
}

function request(
  authorization: AccessRequest['authorization'],
  dpop?: AccessRequest['dpop'],
): AccessRequest {
  return { method: 'GET', url: URL_OF_REQUEST, authorization, dpop }
}

const bound = (more: Partial<AccessClaims> = {}): string =>
  accessToken(keys.EdDSA, { cnf: { jkt: clientKey.kid }, ...more })

let count = 0

/** A proof for the token, used by nobody before. */
function proofFor(token: string, payload: object = {}, key: SigningKey = clientKey): string {
  count += 1
  const jti = String(count).padStart(16, '0')
  return makeProof({ key, payload: { ath: athOf(token), jti, ...payload } })
}

interface Wanted {
  readonly code: TokenErrorCode
  readonly status: number
  readonly challenge?: string
}

async function refuses(
  asked: Promise<unknown>,
  { code, status, challenge }: Wanted,
): Promise<TokenError> {
  const error: unknown = await asked.then(
    () => assert.fail('it passed'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof TokenError, String(error))
  assert.deepEqual([error.code, error.status], [code, status])
  assert.equal(error.headers['WWW-Authenticate'], challenge)
  assert.equal(error.headers['Cache-Control'], 'no-store')
  return error
}

const invalid: Wanted = {
  code: 'ERR_TOKEN_INVALID',
  status: 401,
  challenge: 'Bearer error="invalid_token"',
}

test('a request with a good token passes with its claims', async () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER'])
    assert.deepEqual(await server().verify(request(`${scheme} ${accessToken()}`)), {
      claims: claims(),
      headers: {},
    })
})

test('a request without a token is asked for one, and told nothing else', async () => {
  for (const none of [undefined, null, [], '', 'Basic YWRhOng=', 'Negotiate', 'Bearerish x'])
    await refuses(server().verify(request(none)), {
      code: 'ERR_TOKEN_MISSING',
      status: 401,
      challenge: `Bearer, DPoP ${ALGS}`,
    })
})

test('a request with several tokens, or with none where it says so, is a bad request', async () => {
  const token = accessToken()
  const two = [`Bearer ${token}`, `Bearer ${token}`]
  const lines = [
    two,
    two.join(', '),
    ['Basic x', `Bearer ${token}`],
    'Bearer',
    'Bearer  ',
    'DPoP',
    `Bearer ${token} x`,
    `Bearer "${token}"`,
    `Bearer ${token},`,
    `Basic x, Bearer ${token}`,
  ]
  for (const line of lines)
    await refuses(server().verify(request(line)), {
      code: 'ERR_TOKEN_REQUEST',
      status: 400,
      challenge: 'Bearer error="invalid_request"',
    })
})

test('every bad token has the same answer', async () => {
  const bad = [
    'x',
    accessToken(generateSigningKey()),
    accessToken(keys.EdDSA, { aud: 'https://other.example' }),
    accessToken(keys.EdDSA, { iat: NOW - 400, exp: NOW - 100 }),
    forge({ header: { typ: 'JWT' } }),
    bound(),
  ]
  const answers = new Set<string>()
  for (const token of bad) {
    const { headers, message } = await refuses(server().verify(request(`Bearer ${token}`)), invalid)
    answers.add(JSON.stringify({ headers, message }))
  }
  assert.equal(answers.size, 1)
})

test('a revoked session is asked about each time, and a failure to ask lets nobody through', async () => {
  let live: boolean | Error = true
  const asked: string[] = []
  const one = server({
    isLive: (tokenClaims) => {
      asked.push(tokenClaims.sid)
      return live instanceof Error ? Promise.reject(live) : live
    },
  })
  const ask = request(`Bearer ${accessToken()}`)
  await one.verify(ask)
  live = false
  assert.equal((await refuses(one.verify(ask), invalid)).reason, 'revoked')
  live = new Error('the store is down')
  await assert.rejects(one.verify(ask), live)
  assert.deepEqual(asked, ['session-1', 'session-1', 'session-1'])
})

const lacking: readonly [AccessRequirements, Partial<AccessClaims>, Wanted][] = [
  [
    { scopes: ['orders:read', 'orders:write'] },
    { scope: 'orders:read' },
    {
      code: 'ERR_TOKEN_SCOPE',
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="orders:read orders:write"',
    },
  ],
  [
    { scopes: ['read'] },
    { scope: 'readonly read-all' },
    {
      code: 'ERR_TOKEN_SCOPE',
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="read"',
    },
  ],
  [
    { scopes: ['read'] },
    {},
    {
      code: 'ERR_TOKEN_SCOPE',
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="read"',
    },
  ],
  [
    { acrValues: ['aal2', 'aal3'] },
    { acr: 'aal1' },
    {
      code: 'ERR_TOKEN_STEP_UP',
      status: 401,
      challenge: 'Bearer error="insufficient_user_authentication", acr_values="aal2 aal3"',
    },
  ],
  [
    { acrValues: ['aal2'] },
    {},
    {
      code: 'ERR_TOKEN_STEP_UP',
      status: 401,
      challenge: 'Bearer error="insufficient_user_authentication", acr_values="aal2"',
    },
  ],
  [
    { maxAge: 300_000 },
    { auth_time: NOW - 301 },
    {
      code: 'ERR_TOKEN_STEP_UP',
      status: 401,
      challenge: 'Bearer error="insufficient_user_authentication", max_age="300"',
    },
  ],
  [
    { acrValues: ['aal3'], maxAge: 0 },
    { auth_time: NOW - 1, acr: 'aal3' },
    {
      code: 'ERR_TOKEN_STEP_UP',
      status: 401,
      challenge: 'Bearer error="insufficient_user_authentication", acr_values="aal3", max_age="0"',
    },
  ],
  [
    { maxAge: 300_000 },
    {},
    {
      code: 'ERR_TOKEN_STEP_UP',
      status: 401,
      challenge: 'Bearer error="insufficient_user_authentication", max_age="300"',
    },
  ],
]

for (const [requirements, more, wanted] of lacking) {
  test(`${JSON.stringify(requirements)} refuses ${JSON.stringify(more)} and says what would do`, async () => {
    await refuses(
      server().verify(request(`Bearer ${accessToken(keys.EdDSA, more)}`), requirements),
      wanted,
    )
  })
}

test('a token that says what is required passes', async () => {
  const token = accessToken(keys.EdDSA, { scope: 'read write', acr: 'aal2', auth_time: NOW - 300 })
  const requirements = { scopes: ['write', 'read'], acrValues: ['aal3', 'aal2'], maxAge: 300_000 }
  await server().verify(request(`Bearer ${token}`), requirements)
})

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

test('keys of an issuer across the network: a new key is fetched when its first token comes', async (t) => {
  const issuer = await Issuer.start(createKeySet([keys.RS256]).jwks())
  t.after(() => issuer.stop())
  const clock = { now: NOW * 1000 }
  const options = { issuer: issuer.origin, audience: AUDIENCE, now: () => clock.now }
  const one = createResourceServer({
    ...options,
    keys: remoteKeys({ issuer: issuer.origin, now: options.now }),
  })
  const ask = (key: SigningKey): Promise<unknown> =>
    one.verify(request(`Bearer ${accessToken(key, { iss: issuer.origin })}`))
  await Promise.all([ask(keys.RS256), ask(keys.RS256)])
  await assert.rejects(ask(keys.EdDSA), { reason: 'unknown_key' })
  issuer.publish(keySet.jwks())
  clock.now += 10_000
  await Promise.all(Array.from({ length: 50 }, () => ask(keys.EdDSA)))
  for (let round = 0; round < 50; round++)
    await assert.rejects(ask(generateSigningKey()), { reason: 'unknown_key' })
  assert.equal(issuer.fetches, 2)
})

test('an issuer that is down from the start refuses requests with 503, and lets them through when it is back', async (t) => {
  const issuer = await Issuer.start(keySet.jwks())
  t.after(() => issuer.stop())
  const { origin } = issuer
  const clock = { now: NOW * 1000 }
  const one = createResourceServer({ issuer: origin, audience: AUDIENCE, now: () => clock.now })
  const ask = request(`Bearer ${accessToken(keys.EdDSA, { iss: origin })}`)
  issuer.answers.delete('/keys')
  const { headers } = await refuses(one.verify(ask), {
    code: 'ERR_TOKEN_KEYS_UNAVAILABLE',
    status: 503,
  })
  assert.equal(headers['Retry-After'], '1')
  issuer.publish(keySet.jwks())
  clock.now += 1000
  await one.verify(ask)
})

test('whoever listens is told of each refusal with its reason, and cannot disturb it', async () => {
  const reasons: unknown[] = []
  const one = server({
    onRefused: ({ code, reason }) => {
      reasons.push([code, reason])
      throw new Error('a listener fails')
    },
  })
  await refuses(one.verify(request('Bearer x')), invalid)
  await assert.rejects(one.verify(request(undefined)), { code: 'ERR_TOKEN_MISSING' })
  await one.verify(request(`Bearer ${accessToken()}`))
  assert.deepEqual(reasons, [
    ['ERR_TOKEN_INVALID', 'malformed'],
    ['ERR_TOKEN_MISSING', undefined],
  ])
})

test('options and requirements that are mistyped are refused by their name', async () => {
  assert.throws(() => server({ isLiv: true } as object), /unknown option 'isLiv'/)
  assert.throws(() => createResourceServer({ issuer: 'http://id.example', audience: 'x' }), /https/)
  const ask = request(`Bearer ${accessToken()}`)
  const wrong: readonly [object, RegExp][] = [
    [{ scope: ['a'] }, /unknown option 'scope'/],
    [{ scopes: ['a b'] }, /scopes must be/],
    [{ scopes: 'a' }, /scopes must be/],
    [{ acrValues: ['a"b'] }, /acrValues must be/],
    [{ maxAge: -1 }, /maxAge must be/],
  ]
  for (const [requirements, message] of wrong)
    await assert.rejects(server().verify(ask, requirements), message)
})
