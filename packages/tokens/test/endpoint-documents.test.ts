import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeySet, generateSigningKey } from '@holdfast/tokens'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { AUDIENCE, ISSUER, World } from './support/world.js'
import { send } from './support/web.js'

test('the key set is published for caches, and jose verifies an access token by it', async () => {
  const world = new World()
  const { status, body, headers } = await send(world, '/.well-known/jwks.json', { method: 'GET' })
  assert.equal(status, 200)
  assert.equal(headers.get('content-type'), 'application/jwk-set+json')
  assert.equal(headers.get('cache-control'), 'public, max-age=300')
  assert.ok(!JSON.stringify(body).includes('"d"'))
  const { accessToken } = await world.signIn()
  const jwks = createLocalJWKSet(body as unknown as Parameters<typeof createLocalJWKSet>[0])
  const { payload, protectedHeader } = await jwtVerify(accessToken, jwks, {
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: 'at+jwt',
    currentDate: new Date(world.now),
  })
  assert.deepEqual([payload.sub, protectedHeader.alg], ['ada', 'EdDSA'])
})

test('who has the documents is told so, until they change', async () => {
  const [first, second] = [generateSigningKey(), generateSigningKey()]
  let keys = createKeySet([first])
  const turning = {
    get current() {
      return keys.current
    },
    find: (kid: string) => keys.find(kid),
    jwks: () => keys.jwks(),
  }
  const world = new World({ tokens: { keys: turning } })
  for (const path of ['/.well-known/jwks.json', '/.well-known/oauth-authorization-server']) {
    const get = (headers = {}, method = 'GET'): ReturnType<typeof send> =>
      send(world, path, { method, headers })
    const etag = (await get()).headers.get('etag') ?? ''
    for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const { status, body } = await get({ 'if-none-match': value })
      assert.deepEqual([status, body], [304, {}], value)
    }
    assert.equal((await get({ 'if-none-match': '"x"' })).status, 200)
    const head = await get({}, 'HEAD')
    assert.deepEqual([head.status, head.body, head.headers.get('etag')], [200, {}, etag])
  }
  const path = '/.well-known/jwks.json'
  const etag = (await send(world, path, { method: 'GET' })).headers.get('etag') ?? ''
  keys = createKeySet([second, first])
  const changed = await send(world, path, { method: 'GET', headers: { 'if-none-match': etag } })
  assert.equal(changed.status, 200)
  assert.equal((changed.body['keys'] as unknown[]).length, 2)
})

test('the metadata names every endpoint that has a name in RFC 8414, and what clients may do there', async () => {
  const { body } = await send(new World(), '/.well-known/oauth-authorization-server', {
    method: 'GET',
  })
  assert.deepEqual(body, {
    issuer: ISSUER,
    token_endpoint: `${ISSUER}/auth/token`,
    revocation_endpoint: `${ISSUER}/auth/token/revoke`,
    introspection_endpoint: `${ISSUER}/auth/introspect`,
    jwks_uri: `${ISSUER}/.well-known/jwks.json`,
    response_types_supported: [],
    grant_types_supported: ['refresh_token'],
    scopes_supported: ['read', 'write', 'admin'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    revocation_endpoint_auth_methods_supported: [
      'none',
      'client_secret_basic',
      'client_secret_post',
    ],
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    dpop_signing_alg_values_supported: ['EdDSA', 'ES256', 'RS256'],
  })
})

test('an issuer with a path has its metadata where RFC 8414 §3.1 puts it', async () => {
  const world = new World({ tokens: { issuer: 'https://id.example/one', basePath: '/one/auth' } })
  const { body } = await send(world, '/.well-known/oauth-authorization-server/one', {
    method: 'GET',
  })
  assert.deepEqual(
    [body['issuer'], body['token_endpoint'], body['jwks_uri']],
    [
      'https://id.example/one',
      'https://id.example/one/auth/token',
      'https://id.example/one/.well-known/jwks.json',
    ],
  )
  const path = '/.well-known/oauth-authorization-server'
  assert.equal(await world.tokens.handler(new Request(`https://id.example${path}`)), undefined)
})
