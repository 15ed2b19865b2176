import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TokenClientOptions } from '@holdfast/tokens'
import { Browser, type Body, ORIGIN, post, said, send } from './support/web.js'
import { World } from './support/world.js'

const PAGE = 'https://app.example'
const CLIENTS: readonly TokenClientOptions[] = [
  { id: 'spa', type: 'browser', origins: [PAGE, 'http://localhost:5173'] },
  { id: 'admin', type: 'browser', cookie: '__Host-admin', origins: ['https://admin.example'] },
  { id: 'app', type: 'native', origins: ['https://widget.example'] },
  { id: 'inner', type: 'browser', cookie: '__Host-inner' },
]
/** Origins that a server which reflects them, or compares them loosely, would let in. */
const STRANGERS = [
  'https://evil.example',
  'https://app.example.evil.example',
  'https://evilapp.example',
  'https://x.app.example',
  'http://app.example',
  'https://app.example:444',
  'https://app.example, https://evil.example',
  'null',
  '*',
  '',
]

function world(): World {
  return new World({ tokens: { clients: CLIENTS } })
}

/** A visitor of a page of this origin, who is signed in. */
async function visitorOf(site: World): Promise<Browser> {
  const browser = await new Browser(site).signIn()
  browser.site = 'same-site'
  return browser
}

const asked = (headers: Headers): readonly (string | null)[] =>
  ['allow-origin', 'allow-credentials'].map((name) => headers.get(`access-control-${name}`))

test('a page of a listed origin gets its tokens, and may read every answer', async () => {
  const browser = await visitorOf(world())
  const origin = PAGE
  const replies = [
    await browser.issue({ client_id: 'spa' }, { origin }),
    await browser.refresh({}, { origin }),
    await browser.form('/auth/token/revoke', { client_id: 'spa' }, { origin }),
    await browser.refresh({}, { origin }),
    await browser.refresh({ client_id: 'nobody' }, { origin }),
    await browser.issue({ client_id: 'spa' }, { origin, dpop: 'no proof' }),
    await browser.send('/auth/token', { headers: { origin } }),
  ]
  assert.deepEqual(replies.map(said), [
    '200',
    '200',
    '200',
    '400 invalid_grant',
    '401 invalid_client',
    '400 invalid_dpop_proof',
    '415 invalid_request',
  ])
  for (const { headers } of replies) {
    assert.deepEqual(asked(headers), [PAGE, 'true'])
    assert.match(headers.get('vary') ?? '', /\bOrigin\b/)
    const readable = headers.get('access-control-expose-headers')
    assert.equal(readable, 'Date, DPoP-Nonce, Retry-After, WWW-Authenticate')
  }
})

test('a page of any other origin gets nothing, and may read nothing', async () => {
  const site = world()
  const browser = await visitorOf(site)
  for (const origin of STRANGERS) {
    for (const reply of [
      await browser.issue({ client_id: 'spa' }, { origin }),
      await browser.refresh({}, { origin }),
      await browser.form('/auth/token/revoke', { client_id: 'spa' }, { origin }),
      await browser.refresh({ client_id: 'nobody' }, { origin }),
    ]) {
      assert.deepEqual(asked(reply.headers), [null, null], origin)
      assert.ok(reply.status >= 400, origin)
      // Whoever keeps answers must not give this one to a listed page.
      assert.match(reply.headers.get('vary') ?? '', /\bOrigin\b/)
    }
  }
  assert.deepEqual(site.named('token_issued'), [])
})

test('a page of a listed origin signs its visitor out, and one of another client’s does not', async () => {
  const site = world()
  const browser = await visitorOf(site)
  const fields = { client_id: 'spa', end_session: 'true' }
  const cookie = browser.cookie('__Host-session') ?? ''
  for (const [origin, answer, status] of [
    ['https://admin.example', '403 invalid_request', 'active'],
    [PAGE, '200', 'rejected'],
  ] as const) {
    assert.equal(said(await browser.form('/auth/token/revoke', fields, { origin })), answer)
    assert.equal((await site.sessions.resolve(cookie)).status, status)
  }
})

test('an origin that is listed for one client is a stranger to the others', async () => {
  const site = world()
  const browser = await visitorOf(site)
  const admin = { origin: 'https://admin.example' }
  assert.equal(said(await browser.issue({ client_id: 'spa' }, admin)), '403 invalid_request')
  assert.equal(said(await browser.issue({ client_id: 'inner' }, admin)), '403 invalid_request')
  assert.equal(said(await browser.issue({ client_id: 'admin' }, admin)), '200')
  assert.equal(said(await browser.issue({ client_id: 'spa' }, { origin: PAGE })), '200')
  assert.equal(said(await browser.refresh({}, admin)), '403 invalid_request')
  const revoked = await browser.form('/auth/token/revoke', { client_id: 'spa' }, admin)
  assert.equal(said(revoked), '403 invalid_request')
  assert.equal(said(await browser.refresh({}, { origin: PAGE })), '200')
  // The issuer's own pages may be any client, as ever.
  browser.site = 'same-origin'
  assert.equal(said(await browser.issue({ client_id: 'inner' }, { origin: ORIGIN })), '200')
})

test('the issuer’s own origin among those of a client changes nothing for the others', async () => {
  const clients = [{ ...CLIENTS[0], id: 'spa', type: 'browser', origins: [ORIGIN] }, CLIENTS[3]]
  const site = new World({ tokens: { clients: clients as TokenClientOptions[] } })
  const browser = await new Browser(site).signIn()
  const reply = await browser.issue({ client_id: 'inner' }, { origin: ORIGIN })
  assert.equal(said(reply), '200')
})

test('a page that keeps its refresh token itself renews from its listed origin, without a cookie', async () => {
  const site = world()
  const { refreshToken } = await site.signIn()
  const fields = { grant_type: 'refresh_token', client_id: 'app', refresh_token: refreshToken }
  const origin = 'https://widget.example'
  assert.equal(
    said(await post(site, '/auth/token', fields, { origin: PAGE })),
    '403 invalid_request',
  )
  const reply = await post(site, '/auth/token', fields, { origin, 'sec-fetch-site': 'cross-site' })
  assert.deepEqual([reply.status, ...asked(reply.headers)], [200, origin, 'true'])
})

test('a preflight is answered for listed origins, at the endpoints for pages', async () => {
  const site = world()
  const preflight = (path: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
    answerOf(site, path, { method: 'OPTIONS', headers })
  const wish = { 'access-control-request-method': 'POST' }
  const paths = ['/auth/issue', '/auth/token', '/auth/token/revoke']
  for (const path of paths) {
    const { status, headers } = await preflight(path, { ...wish, origin: PAGE })
    assert.deepEqual([status, ...asked(headers)], [204, PAGE, 'true'])
    assert.equal(headers.get('access-control-allow-methods'), 'POST')
    assert.equal(headers.get('access-control-allow-headers'), 'Content-Type, DPoP')
    assert.equal(headers.get('vary'), 'Origin')
  }
  const refused = [
    ...paths.flatMap((path) =>
      STRANGERS.map(async (origin) => preflight(path, { ...wish, origin })),
    ),
    ...paths.map(async (path) => preflight(path, wish)),
    ...['/auth/introspect', '/.well-known/jwks.json'].map(async (path) =>
      preflight(path, { ...wish, origin: PAGE }),
    ),
  ]
  for (const { status, headers } of await Promise.all(refused)) {
    assert.equal(status, 405)
    assert.deepEqual(asked(headers), [null, null])
  }
  const noPreflight = await preflight('/auth/token', { origin: PAGE })
  assert.equal(noPreflight.status, 405)
})

test('where no client lists an origin, no answer carries a CORS header', async () => {
  const site = new World()
  const browser = await new Browser(site).signIn()
  const { headers } = await browser.issue({ client_id: 'spa' }, { origin: ORIGIN })
  assert.ok([...headers.keys()].every((name) => !name.startsWith('access-control-')))
  assert.equal(headers.get('vary'), 'Cookie')
  const init = { method: 'OPTIONS', headers: { origin: ORIGIN } }
  assert.equal((await send(site, '/auth/token', init)).status, 405)
})

test('an origin that is not exactly one is refused at the start', () => {
  const wrong: readonly unknown[] = [
    '*',
    'null',
    'app.example',
    'https://app.example/',
    'https://App.example',
    'https://app.example:443',
    'https://*.example',
    'https://user@app.example',
    'http://app.example',
    'http://localhost.example',
    'ftp://app.example',
    'javascript://app.example',
    '',
    undefined,
    1,
  ]
  const refusal = /clients\[0\]\.origins/
  for (const origin of wrong)
    assert.throws(() => listing({ origins: [origin] }), { message: refusal }, String(origin))
  assert.throws(() => listing({ origins: PAGE }), { name: 'TypeError', message: refusal })
  const secrets = ['Zk3vQ8xW5nT1bR7yL0pD4sF6gH9jK2mC']
  const server = { type: 'confidential', secrets, origins: [PAGE] }
  assert.throws(() => listing(server), { message: refusal })
  for (const origin of ['http://[::1]:5173', 'https://[2001:db8::1]', 'http://127.0.0.1'])
    listing({ origins: [origin] })
})

function listing(options: Body): World {
  const clients = [{ id: 'a', type: 'browser', ...options }] as unknown as TokenClientOptions[]
  return new World({ tokens: { clients } })
}

async function answerOf(site: World, path: string, init: RequestInit): Promise<Response> {
  const response = await site.tokens.handler(new Request(ORIGIN + path, init))
  return response ?? assert.fail(`nobody answers ${path}`)
}
