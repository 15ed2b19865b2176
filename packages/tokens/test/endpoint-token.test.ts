import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '@holdfast/memory'
import { createKeySet, generateSigningKey, TokenError } from '@holdfast/tokens'
import { MINUTE, SECOND, SECRET, World } from './support/world.js'
import { Browser, post, said, send } from './support/web.js'

const basic = (id: string, secret: string): { readonly authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})
const asked = { grant_type: 'refresh_token', client_id: 'app' } as const

test('a page renews by its cookie: a new access token in the body, a new refresh token in the cookie alone', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  const first = await browser.issue()
  const before = browser.cookie('__Host-refresh')
  world.now += 5 * MINUTE
  const next = await browser.refresh()
  assert.equal(next.status, 200)
  assert.equal(next.body['refresh_token'], undefined)
  assert.notEqual(next.body['access_token'], first.body['access_token'])
  assert.notEqual(browser.cookie('__Host-refresh'), before)
  assert.equal((await world.tokens.verify(String(next.body['access_token']))).sub, 'ada')
})

test('a renewal needs the refresh cookie alone, not the cookie of the session', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  await browser.issue()
  browser.jar.delete('__Host-session')
  assert.equal((await browser.refresh()).status, 200)
})

test('another site cannot make a browser renew', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  await browser.issue()
  for (const site of ['cross-site', 'same-site', 'none']) {
    browser.site = site
    assert.equal(said(await browser.refresh()), '403 invalid_request', site)
  }
  assert.equal(world.named('csrf_refused').length, 3)
  assert.equal(world.named('token_refreshed').length, 0)
})

test('a browser without its cookie, with somebody’s else or with several is told invalid_grant, and keeps what it has', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  await browser.issue()
  const good = browser.cookie('__Host-refresh') ?? ''
  const foreign = (await world.tokens.issue(await world.cookieSession(), { client: 'app' }))
    .refreshToken
  for (const value of [null, 'x', foreign, `${good}; __Host-refresh=${good}`]) {
    if (value === null) browser.jar.clear()
    else browser.jar.set('__Host-refresh', { value, path: '/' })
    const reply = await browser.refresh()
    assert.deepEqual(
      [said(reply), reply.cookies, reply.body['reason']],
      ['400 invalid_grant', [], undefined],
    )
  }
  browser.jar.set('__Host-refresh', { value: good, path: '/' })
  assert.equal((await browser.refresh()).status, 200)
})

test('cookies that a sibling host throws in sign nobody out, and nobody in', async () => {
  const world = new World()
  const attacker = await new Browser(world).signIn('mallory')
  await attacker.issue()
  const foreign = attacker.cookie('__Host-refresh') ?? ''
  const victim = await new Browser(world).signIn()
  await victim.issue()
  for (const thrown of ['junk', foreign.slice(1), `${foreign}x`]) {
    const good = victim.cookie('__Host-refresh') ?? ''
    victim.jar.set('__Host-refresh', { value: `${thrown}; __Host-refresh=${good}`, path: '/' })
    assert.equal(said(await victim.refresh()), '200')
  }
  // What another host can set has no such name.
  const stranger = new Browser(world)
  for (const name of ['__Secure-refresh', 'refresh', '__host-refresh'])
    stranger.jar.set(name, { value: foreign, path: '/auth/token' })
  assert.equal(said(await stranger.refresh()), '400 invalid_grant')
})

test('a browser’s refresh token is not taken from the form, nor a native client’s from a cookie', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  await browser.issue()
  const token = browser.cookie('__Host-refresh') ?? ''
  assert.equal(said(await browser.refresh({ refresh_token: token })), '400 invalid_request')
  assert.equal(
    said(await post(world, '/auth/token', { ...asked, client_id: 'spa', refresh_token: token })),
    '400 invalid_request',
  )
  const given = await world.signIn()
  const headers = {
    cookie: `__Host-refresh=${given.refreshToken}; refresh=${given.refreshToken}`,
  }
  assert.equal(said(await post(world, '/auth/token', asked, headers)), '400 invalid_request')
})

test('a native client renews by the form, wherever it is: it has no cookie that another site could use', async () => {
  const world = new World()
  const given = await world.signIn()
  const reply = await post(world, '/auth/token', { ...asked, refresh_token: given.refreshToken })
  assert.equal(reply.status, 200)
  assert.match(String(reply.body['refresh_token']), /^[0-9A-Za-z]{30}-/)
  assert.deepEqual(reply.cookies, [])
})

test('active=false does not move the idle end; anything but true and false is refused', async () => {
  const world = new World()
  let { refreshToken } = await world.signIn()
  const next = async (active: string): Promise<unknown> => {
    world.now += MINUTE
    const reply = await post(world, '/auth/token', {
      ...asked,
      refresh_token: refreshToken,
      active,
    })
    if (reply.status !== 200) return said(reply)
    refreshToken = String(reply.body['refresh_token'])
    return reply.body['idle_expires_in']
  }
  assert.deepEqual(
    [await next('false'), await next('false'), await next('true')],
    [3540, 3480, 3600],
  )
  assert.equal(await next('maybe'), '400 invalid_request')
})

test('why a session ended is told to the holder of a token of ours, and to nobody else', async () => {
  const cases: readonly (readonly [string, (world: World, id: string) => unknown])[] = [
    ['logout', (world, id) => world.sessions.revoke(id, { reason: 'logout' })],
    [
      'password_changed',
      (world) => world.sessions.revokeAll('ada', { reason: 'password_changed' }),
    ],
    ['idle_expired', (world) => (world.now += 60 * MINUTE)],
  ]
  for (const [reason, end] of cases) {
    const world = new World()
    const { refreshToken, sessionId } = await world.signIn()
    await end(world, sessionId)
    const reply = await post(world, '/auth/token', { ...asked, refresh_token: refreshToken })
    assert.deepEqual([said(reply), reply.body['reason']], ['400 invalid_grant', reason])
    const forged = await post(world, '/auth/token', {
      ...asked,
      refresh_token: `${refreshToken.slice(0, -1)}!`,
    })
    assert.deepEqual(forged.body, { error: 'invalid_grant' })
  }
})

test('a replay after the grace: both parties are told token_reuse', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  await browser.issue()
  const stolen = browser.cookie('__Host-refresh') ?? ''
  await browser.refresh()
  await browser.refresh()
  const thief = new Browser(world)
  thief.jar.set('__Host-refresh', { value: stolen, path: '/' })
  world.now += 11 * SECOND
  for (const each of [thief, browser]) {
    const { body } = await each.refresh()
    assert.deepEqual(body, { error: 'invalid_grant', reason: 'token_reuse' })
  }
})

test('a confidential client proves itself by any of its secrets, in the header or in the form, not in both', async () => {
  const world = new World()
  const session = await world.cookieSession()
  const fields = { grant_type: 'refresh_token' }
  const ask = async (more: Record<string, string>, headers = {}): Promise<string> => {
    const { refreshToken } = await world.tokens.issue(session, { client: 'server' })
    const all = { ...fields, refresh_token: refreshToken, ...more }
    return said(await post(world, '/auth/token', all, headers))
  }
  assert.equal(await ask({}, basic('server', SECRET)), '200')
  assert.equal(await ask({}, basic('server', `old-${SECRET}`)), '200')
  assert.equal(await ask({ client_id: 'server' }, basic('server', SECRET)), '200')
  assert.equal(await ask({ client_id: 'server', client_secret: SECRET }), '200')
  const both = { client_id: 'server', client_secret: SECRET }
  assert.equal(await ask(both, basic('server', SECRET)), '400 invalid_request')
})

test('a client that does not prove itself, or proves what it is not, is told one and the same, with a challenge', async () => {
  const world = new World()
  const { refreshToken } = await world.signIn()
  const replies = []
  const attempts: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
    [{}, {}],
    [{ client_id: 'nobody' }, {}],
    [{ client_id: 'server' }, {}],
    [{ client_id: 'server', client_secret: 'wrong' }, {}],
    [{ client_id: 'server', client_secret: `other-${SECRET}` }, {}],
    [{ client_id: 'app', client_secret: SECRET }, {}],
    [{}, basic('server', 'wrong')],
    [{}, basic('app', '')],
    [{}, basic('nobody', SECRET)],
    [{ client_id: 'app' }, basic('server', SECRET)],
    [{}, { authorization: 'Basic !' }],
    [{}, { authorization: `Basic ${Buffer.from('server').toString('base64')}` }],
    [{}, { authorization: `Basic ${Buffer.from('%:%').toString('base64')}` }],
    [{}, { authorization: `Bearer ${refreshToken}` }],
  ]
  for (const [fields, headers] of attempts) {
    const all = { grant_type: 'refresh_token', refresh_token: refreshToken, ...fields }
    const { status, body, headers: sent } = await post(world, '/auth/token', all, headers)
    replies.push(JSON.stringify([status, body, [...sent]]))
  }
  assert.deepEqual(new Set(replies).size, 1)
  assert.match(replies[0] ?? '', /401.*invalid_client.*www-authenticate.*Basic realm/)
})

test('the token of another client is refused with either client’s proof, and stays good', async () => {
  const world = new World()
  const given = await world.signIn()
  const fields = { grant_type: 'refresh_token', refresh_token: given.refreshToken }
  assert.equal(
    said(await post(world, '/auth/token', fields, basic('server', SECRET))),
    '400 invalid_grant',
  )
  assert.equal(
    said(await post(world, '/auth/token', { ...fields, client_id: 'bound' })),
    '400 invalid_grant',
  )
  assert.equal(said(await post(world, '/auth/token', { ...fields, client_id: 'app' })), '200')
})

for (const [what, body, answer] of [
  ['nothing', '', '401 invalid_client'],
  ['no grant type', 'client_id=app&refresh_token=x', '400 invalid_request'],
  ['an empty grant type', 'client_id=app&grant_type=&refresh_token=x', '400 invalid_request'],
  [
    'another grant type',
    'client_id=app&grant_type=password&refresh_token=x',
    '400 unsupported_grant_type',
  ],
  ['no token', 'client_id=app&grant_type=refresh_token', '400 invalid_request'],
  [
    'a field twice',
    'client_id=app&grant_type=refresh_token&refresh_token=x&refresh_token=y',
    '400 invalid_request',
  ],
  [
    'a client twice',
    'client_id=app&client_id=app&grant_type=refresh_token&refresh_token=x',
    '400 invalid_request',
  ],
  [
    'no token of ours',
    'client_id=app&grant_type=refresh_token&refresh_token=x',
    '400 invalid_grant',
  ],
  [
    'odd escapes',
    'client_id=app&grant_type=refresh_token&refresh_token=%zz%00',
    '400 invalid_grant',
  ],
  [
    'a prototype',
    '__proto__=x&client_id=app&grant_type=refresh_token&refresh_token=x',
    '400 invalid_grant',
  ],
  ['a thousand fields', `${'a=b&'.repeat(1000)}client_id=app`, '400 invalid_request'],
  ['too much', `client_id=app&x=${'x'.repeat(20_000)}`, '413 invalid_request'],
] as const) {
  test(`the token endpoint answers ${what} with ${answer}`, async () => {
    assert.equal(said(await post(new World(), '/auth/token', body)), answer)
  })
}

test('tokens and secrets in the URL are not looked at', async () => {
  const world = new World()
  const { refreshToken } = await world.signIn()
  const query = new URLSearchParams({ ...asked, refresh_token: refreshToken })
  assert.equal(said(await post(world, `/auth/token?${query.toString()}`, '')), '401 invalid_client')
  assert.equal(
    said(await post(world, `/auth/token?${query.toString()}`, { ...asked })),
    '400 invalid_request',
  )
})

test('a store that fails is 503 with Retry-After at every endpoint, and nobody is signed out', async () => {
  const inner = memoryStore()
  let down = false
  const store = new Proxy(inner, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        if (down) throw new Error('the server is gone')
        return Reflect.apply(member, target, args)
      }
    },
  })
  const world = new World({ sessions: { store, cacheSize: 0 } })
  const browser = await new Browser(world).signIn()
  await browser.issue()
  const native = await world.signIn()
  down = true
  const replies = [
    await browser.issue(),
    await browser.refresh(),
    await browser.form('/auth/token/revoke', { client_id: 'spa' }),
    await post(world, '/auth/token', { ...asked, refresh_token: native.refreshToken }),
    await post(world, '/auth/token/revoke', { client_id: 'app', token: native.refreshToken }),
    await post(world, '/auth/introspect', { token: native.accessToken }, basic('server', SECRET)),
  ]
  for (const { status, body, headers, cookies } of replies) {
    const seen = [status, body['error'], headers.get('retry-after'), cookies]
    assert.deepEqual(seen, [503, 'temporarily_unavailable', '1', []])
  }
  down = false
  assert.equal((await browser.refresh()).status, 200)
  assert.equal(
    said(await post(world, '/auth/token', { ...asked, refresh_token: native.refreshToken })),
    '200',
  )
})

test('a failure of our own is no answer of the endpoint but an error of the server', async () => {
  const failing = {
    acr: () => {
      throw new Error('mistaken')
    },
  }
  const world = new World({ tokens: failing })
  await assert.rejects(world.signIn(), /mistaken/)
  const browser = await new Browser(world).signIn()
  await assert.rejects(browser.issue(), /mistaken/)
})

test('signing keys that cannot be had are 503, and no token is called invalid for it', async () => {
  const set = createKeySet([generateSigningKey()])
  let there = true
  const had = <T>(key: T): T => {
    if (there) return key
    throw new TokenError('ERR_TOKEN_KEYS_UNAVAILABLE', 'the keys cannot be had')
  }
  const keys = {
    get current() {
      return had(set.current)
    },
    find: (kid: string) => had(set.find(kid)),
    jwks: () => had(set.jwks()),
  }
  const world = new World({ tokens: { keys } })
  const { accessToken: token, refreshToken } = await world.signIn()
  there = false
  const replies = [
    await post(world, '/auth/token', { ...asked, refresh_token: refreshToken }),
    await post(world, '/auth/introspect', { token }, basic('server', SECRET)),
    await post(world, '/auth/token/revoke', { client_id: 'app', token }),
    await send(world, '/.well-known/jwks.json', { method: 'GET' }),
  ]
  for (const { status, headers } of replies)
    assert.deepEqual([status, headers.get('retry-after')], [503, '1'])
  there = true
  assert.equal(
    said(await post(world, '/auth/token', { ...asked, refresh_token: refreshToken })),
    '200',
  )
  await world.tokens.verify(token)
})
