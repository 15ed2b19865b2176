import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, World } from './support/world.js'
import { Browser, ORIGIN, said, send } from './support/web.js'

const COOKIE = /^__Host-refresh=[0-9A-Za-z-]{103}; Path=\/; Secure; HttpOnly; SameSite=Strict$/

test('a page of a signed-in visitor gets an access token, and its refresh token where no script can read it', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  const reply = await browser.issue({ client_id: 'spa', scope: 'read' })
  const { access_token: token, session_id: sessionId, ...rest } = reply.body
  assert.deepEqual(
    [reply.status, rest],
    [
      200,
      {
        token_type: 'Bearer',
        expires_in: 300,
        scope: 'read',
        idle_expires_in: 3600,
        session_expires_in: 86_400,
      },
    ],
  )
  const claims = await world.tokens.verify(String(token))
  assert.deepEqual([claims.sub, claims.sid, claims.amr], ['ada', sessionId, ['pwd']])
  assert.equal(reply.cookies.length, 1)
  assert.match(reply.cookies[0] ?? '', COOKIE)
  assert.ok(
    !JSON.stringify(reply.body).includes(browser.cookie('__Host-refresh')?.slice(31, 74) ?? '?'),
  )
})

test('no answer of an endpoint is stored, sniffed, embedded or referred to', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  for (const { headers } of [
    await browser.issue(),
    await browser.refresh(),
    await browser.refresh({ client_id: 'x' }),
  ]) {
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin')
    assert.equal(headers.get('access-control-allow-origin'), null)
  }
})

test('“remember me” makes the refresh cookie last as long as the session, and no longer', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn('ada', true)
  await browser.issue()
  world.now += 30 * MINUTE
  const [line = ''] = (await browser.refresh()).cookies
  assert.match(line, /; Max-Age=84600; Expires=/)
})

test('nobody signed in: 401, no record, no cookie', async () => {
  const world = new World()
  const reply = await new Browser(world).issue()
  assert.deepEqual([said(reply), reply.cookies, world.events], ['401 login_required', [], []])
})

test('another site cannot have tokens issued', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  for (const site of ['cross-site', 'same-site', 'none']) {
    browser.site = site
    assert.equal(said(await browser.issue()), '403 invalid_request', site)
  }
  const noHeader = await browser.issue(
    { client_id: 'spa' },
    { 'sec-fetch-site': '?', origin: 'https://evil.example' },
  )
  assert.equal(said(noHeader), '403 invalid_request')
  assert.equal(world.named('token_issued').length, 0)
})

test('no script of a page can have the refresh token of a native or confidential client', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  for (const client of ['app', 'server'])
    assert.equal(said(await browser.issue({ client_id: client })), '400 unauthorized_client')
  assert.equal(said(await browser.issue({ client_id: 'nobody' })), '400 invalid_client')
})

for (const [what, init, answer] of [
  ['no JSON', { body: '{', type: 'application/json' }, '400 invalid_request'],
  ['an array', { body: '[]', type: 'application/json' }, '400 invalid_request'],
  ['null', { body: 'null', type: 'application/json' }, '400 invalid_request'],
  ['nothing', { body: '', type: 'application/json' }, '400 invalid_request'],
  ['no client', { body: '{}', type: 'application/json' }, '400 invalid_request'],
  [
    'a client that is no text',
    { body: '{"client_id":["spa"]}', type: 'application/json' },
    '400 invalid_request',
  ],
  [
    'a scope that is no text',
    { body: '{"client_id":"spa","scope":1}', type: 'application/json' },
    '400 invalid_request',
  ],
  [
    'a scope beyond the client',
    { body: '{"client_id":"spa","scope":"root"}', type: 'application/json' },
    '400 invalid_scope',
  ],
  [
    'a prototype',
    { body: '{"__proto__":{"client_id":"spa"}}', type: 'application/json' },
    '400 invalid_request',
  ],
  [
    'text that any site can send',
    { body: '{"client_id":"spa"}', type: 'text/plain' },
    '415 invalid_request',
  ],
  [
    'a form',
    { body: 'client_id=spa', type: 'application/x-www-form-urlencoded' },
    '415 invalid_request',
  ],
  ['no type', { body: '{"client_id":"spa"}', type: '' }, '415 invalid_request'],
  [
    'too much',
    { body: `{"client_id":"spa","x":"${'x'.repeat(20_000)}"}`, type: 'application/json' },
    '413 invalid_request',
  ],
  [
    'bytes that are no UTF-8',
    { body: new Uint8Array([0x7b, 0xff, 0x7d]), type: 'application/json' },
    '400 invalid_request',
  ],
] as const) {
  test(`the issue endpoint answers ${what} with ${answer}`, async () => {
    const world = new World()
    const browser = await new Browser(world).signIn()
    const { body, type } = init
    const headers = { 'content-type': type }
    assert.equal(said(await browser.send('/auth/issue', { body, headers })), answer)
    assert.equal(world.named('token_issued').length, 0)
  })
}

test('every endpoint has its methods and no others', async () => {
  const world = new World()
  for (const path of ['/auth/issue', '/auth/token', '/auth/token/revoke', '/auth/introspect']) {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await world.tokens.handler(new Request(ORIGIN + path, { method }))
      assert.deepEqual(
        [response?.status, response?.headers.get('allow')],
        [405, 'POST'],
        `${method} ${path}`,
      )
    }
  }
  for (const name of ['jwks.json', 'oauth-authorization-server']) {
    const reply = await send(world, `/.well-known/${name}`, { method: 'POST' })
    assert.deepEqual([reply.status, reply.headers.get('allow')], [405, 'GET, HEAD'])
  }
})

test('a path that is none of the endpoints is left to others', async () => {
  const world = new World()
  for (const path of [
    '/',
    '/auth',
    '/auth/',
    '/auth/token/',
    '/auth/Token',
    '/x/auth/token',
    '/auth/issue/x',
  ])
    assert.equal(
      await world.tokens.handler(new Request(ORIGIN + path, { method: 'POST' })),
      undefined,
      path,
    )
})

test('a refresh cookie that another host could set, or that is the session’s own, is refused at the start', () => {
  const open = (cookie: string, name?: string): World =>
    new World({
      tokens: {
        clients: [{ id: 'spa', type: 'browser', cookie }],
        transport: name === undefined ? {} : { cookie: { name } },
      },
    })
  const code = 'ERR_SESSION_CONFIG'
  for (const cookie of ['__Secure-refresh', 'refresh', '__host-refresh'])
    assert.throws(() => open(cookie), { code, message: /must begin with __Host-/ })
  assert.throws(() => open('__Host-session'), { code, message: /is the session's/ })
  assert.throws(() => open('__Host-app', '__Host-app'), { code, message: /is the session's/ })
  open('__Host-app')
})

test('over plain HTTP no refresh cookie is set, but on loopback in development one without its prefix', async () => {
  const plain = async (world: World, origin: string): Promise<Response> => {
    const { cookie } = await world.visitor(
      'ada',
      {},
      origin.includes('localhost') ? 'session' : '__Host-session',
    )
    const headers = {
      cookie: `${origin.includes('localhost') ? 'session' : '__Host-session'}=${cookie}`,
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
    }
    const request = new Request(`${origin}/auth/issue`, {
      method: 'POST',
      body: '{"client_id":"spa"}',
      headers,
    })
    return (await world.tokens.handler(request, { address: '127.0.0.1' })) ?? assert.fail()
  }
  const refused = await plain(new World(), 'http://id.example')
  assert.deepEqual([refused.status, refused.headers.getSetCookie()], [400, []])
  const development = new World({ tokens: { transport: { development: true } } })
  const given = await plain(development, 'http://localhost:3000')
  assert.equal(given.status, 200)
  assert.match(
    given.headers.getSetCookie().join('\n'),
    /^refresh=[^;]+; Path=\/; HttpOnly; SameSite=Strict$/,
  )
})
