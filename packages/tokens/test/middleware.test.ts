import assert from 'node:assert/strict'
import { createServer, request as httpRequest } from 'node:http'
import { once } from 'node:events'
import { test } from 'node:test'
import express from 'express'
import {
  accessClaims,
  createNonces,
  createResourceServer,
  refusalOf,
  requireAccessToken,
  withAccessToken,
} from '@holdfast/tokens'
import { serve } from './support/issuer.js'
import { athOf, clientKey, makeProof } from './support/proofs.js'
import { accessToken, AUDIENCE, ISSUER, keys, keySet, NOW } from './support/tokens.js'

const now = (): number => NOW * 1000
const api = createResourceServer({ issuer: ISSUER, audience: AUDIENCE, keys: keySet, now })
const strict = createResourceServer({
  issuer: ISSUER,
  audience: AUDIENCE,
  keys: keySet,
  now,
  nonces: createNonces({ now }),
})

const bearer = (token: string): { headers: { authorization: string } } => ({
  headers: { authorization: `Bearer ${token}` },
})

const bound = accessToken(keys.EdDSA, { cnf: { jkt: clientKey.kid } })
let count = 0

function withProof(htu: string, nonce?: string | null): { headers: Record<string, string> } {
  count += 1
  const jti = `middleware-${count}-0000000000`
  const proof = makeProof({ payload: { ath: athOf(bound), htu, jti, ...(nonce ? { nonce } : {}) } })
  return { headers: { authorization: `DPoP ${bound}`, dpop: proof } }
}

test('fetch: the handler gets the claims, and runs for nobody else', async () => {
  let runs = 0
  const handle = withAccessToken(
    api,
    (_, { sub }) => {
      runs += 1
      return Response.json({ sub })
    },
    { scopes: ['read'] },
  )
  const url = 'https://api.example/orders'
  const good = await handle(new Request(url, bearer(accessToken(keys.EdDSA, { scope: 'read' }))))
  assert.deepEqual(await good.json(), { sub: 'ada' })
  const none = await handle(new Request(url))
  const bad = await handle(new Request(url, bearer('x')))
  const poor = await handle(new Request(url, bearer(accessToken())))
  assert.deepEqual([none.status, bad.status, poor.status, runs], [401, 401, 403, 1])
  assert.equal(bad.headers.get('www-authenticate'), 'Bearer error="invalid_token"')
  assert.equal(bad.headers.get('content-type'), 'application/problem+json')
  assert.deepEqual(await bad.json(), {
    type: 'about:blank',
    status: 401,
    code: 'ERR_TOKEN_INVALID',
  })
})

test('fetch: a proof names the URL that clients see, whatever the handler sees', async () => {
  const handler = (): Response => new Response('ok', { status: 201, headers: { etag: '"1"' } })
  const origin = 'https://api.example'
  const handle = withAccessToken(strict, handler, { origin })
  const url = 'http://10.0.0.7:8080/orders?page=2'
  const asked = await handle(new Request(url, withProof(`${origin}/orders`)))
  const nonce = asked.headers.get('dpop-nonce')
  assert.match(asked.headers.get('www-authenticate') ?? '', /use_dpop_nonce/)
  const passed = await handle(new Request(url, withProof(`${origin}/orders`, nonce)))
  assert.deepEqual(
    [
      passed.status,
      passed.headers.get('etag'),
      passed.headers.get('dpop-nonce'),
      await passed.text(),
    ],
    [201, '"1"', nonce, 'ok'],
  )
  const wrong = await handle(new Request(url, withProof('http://10.0.0.7:8080/orders', nonce)))
  assert.equal(wrong.status, 401)
})

test('fetch: a proof that was made for another host is not good here, whatever the Host header says', async () => {
  const stolen = withProof('https://evil.example/orders')
  const url = 'https://evil.example/orders'
  const refusals: unknown[] = []
  const handle = (origin?: string): Promise<Response> =>
    withAccessToken(api, () => new Response('ok'), {
      ...(origin === undefined ? {} : { origin }),
      onError: (error) => {
        refusals.push(error)
        return new Response(null, { status: refusalOf(error).status })
      },
    })(new Request(url, stolen))
  assert.equal((await handle('https://api.example')).status, 401)
  assert.equal((await handle()).status, 500, 'a mistake of the server')
  assert.deepEqual(
    refusals.map((error) => error instanceof Error && 'code' in error && error.code),
    ['ERR_TOKEN_DPOP_INVALID', 'ERR_SESSION_CONFIG'],
  )
  const free = await withAccessToken(
    api,
    () => new Response('ok'),
  )(new Request(url, bearer(accessToken())))
  assert.equal(free.status, 200, 'tokens that are not bound need no origin')
})

test('fetch: an error of the handler is answered with 500 and without its words, or as the application likes', async () => {
  const fails = (): Response => {
    throw new Error('password')
  }
  const request = new Request('https://api.example/', bearer(accessToken()))
  const answer = await withAccessToken(api, fails)(request)
  assert.equal(answer.status, 500)
  assert.ok(!(await answer.text()).includes('password'))
  const own = withAccessToken(api, fails, { onError: () => new Response(null, { status: 418 }) })
  assert.equal((await own(request)).status, 418)
})

test('Express: routes behind the handler have the claims, and refusals their status and headers', async (t) => {
  const app = express()
  app.set('env', 'test')
  const router = express.Router()
  router.get('/orders', (req, res) => {
    res.json({ sub: accessClaims(req).sub })
  })
  app.get('/open', (req, res) => {
    assert.throws(() => accessClaims(req), /has not run/)
    res.json({})
  })
  const origin = 'https://api.example'
  app.use('/v1', requireAccessToken(strict, { origin, scopes: [] }), router)
  app.get('/admin', requireAccessToken(api, { scopes: ['admin'] }), (_, res) => {
    res.json({})
  })
  const site = await serve(app)
  t.after(() => site.close())
  const own = site.origin
  const good = await fetch(`${own}/v1/orders`, bearer(accessToken()))
  assert.deepEqual(await good.json(), { sub: 'ada' })
  const bad = await fetch(`${own}/v1/orders`, bearer('x'))
  assert.deepEqual(
    [bad.status, bad.headers.get('www-authenticate')],
    [401, 'Bearer error="invalid_token"'],
  )
  const poor = await fetch(`${own}/admin`, bearer(accessToken()))
  assert.deepEqual(
    [poor.status, poor.headers.get('www-authenticate')],
    [403, 'Bearer error="insufficient_scope", scope="admin"'],
  )
  assert.equal((await fetch(`${own}/open`)).status, 200)
  const asked = await fetch(`${own}/v1/orders`, withProof(`${origin}/v1/orders`))
  const nonce = asked.headers.get('dpop-nonce')
  const passed = await fetch(`${own}/v1/orders`, withProof(`${origin}/v1/orders`, nonce))
  assert.deepEqual(
    [asked.status, passed.status, passed.headers.get('dpop-nonce')],
    [401, 200, nonce],
  )
  const wrong = await fetch(`${own}/v1/orders`, withProof(`${own}/v1/orders`, nonce))
  assert.equal(wrong.status, 401, 'the Host header of the request does not decide')
})

test('node:http: every line of a header is seen, and without an origin bound tokens are a mistake of the server', async (t) => {
  const check = requireAccessToken(api)
  const server = createServer((req, res) => {
    check(req, res, (error) => {
      if (error === undefined) return res.end(accessClaims(req).sub)
      const { status, headers, body } = refusalOf(error)
      res.writeHead(status, headers).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const ask = async (headers: Record<string, string | string[]>): Promise<number | undefined> => {
    const [response] = await once(
      httpRequest({ port, host: '127.0.0.1', headers }).end(),
      'response',
    )
    response.resume()
    return response.statusCode
  }
  const authorization = `Bearer ${accessToken()}`
  assert.equal(await ask({ authorization }), 200)
  assert.equal(await ask({ authorization: [authorization, 'Bearer x'] }), 400)
  assert.equal(await ask({ authorization: [authorization, authorization] }), 400)
  assert.equal(await ask({}), 401)
  assert.equal(await ask(withProof('https://api.example/').headers), 500)
})

test('an origin that is more than an origin is refused', () => {
  for (const origin of ['https://api.example/', 'https://api.example/v1', 'api.example', ''])
    assert.throws(() => requireAccessToken(api, { origin }), /origin must be a scheme and a host/)
  assert.throws(
    () => withAccessToken(api, () => new Response(), { scopes: 'a' } as object),
    /scopes/,
  )
})
