import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createKeySet,
  createResourceServer,
  generateSigningKey,
  remoteKeys,
  type AccessClaims,
  type AccessRequirements,
  type SigningKey,
} from '@holdfast/tokens'
import { Issuer } from './support/issuer.js'
import { ALGS, bound, invalid, refuses, request, server, type Wanted } from './support/resource.js'
import {
  accessToken,
  AUDIENCE,
  claims,
  forge,
  keys,
  keySet,
  NOW,
  twinOf,
} from './support/tokens.js'

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

test('a revoked session is over for the other text of its token too', async () => {
  const ended = new Set<string>()
  const one = server({ isLive: ({ sid }) => !ended.has(sid) })
  const token = accessToken(keys.ES256)
  const twin = twinOf(token)
  assert.notEqual(twin, token)
  for (const text of [token, twin]) await one.verify(request(`Bearer ${text}`))
  ended.add(claims().sid)
  for (const text of [token, twin])
    assert.equal((await refuses(one.verify(request(`Bearer ${text}`)), invalid)).reason, 'revoked')
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
