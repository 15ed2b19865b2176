import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionError } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { INVALID, outcome, SECRET, World } from './support/world.js'
import { Browser, post, said } from './support/web.js'

const server = { authorization: `Basic ${Buffer.from(`server:${SECRET}`).toString('base64')}` }

test('RFC 7009: revoking the refresh token ends its access tokens, and no other client’s', async () => {
  const world = new World()
  const session = await world.cookieSession()
  const mine = await world.tokens.issue(session, { client: 'app' })
  const other = await world.tokens.issue(session, { client: 'spa' })
  const reply = await post(world, '/auth/token/revoke', {
    client_id: 'app',
    token: mine.refreshToken,
  })
  assert.deepEqual([reply.status, reply.body], [200, {}])
  assert.equal(await outcome(() => world.tokens.verify(mine.accessToken)), `${INVALID} grant_gone`)
  assert.equal(
    await outcome(() => world.tokens.refresh(mine.refreshToken, { client: 'app' })),
    `${INVALID} grant_gone`,
  )
  assert.equal((await world.tokens.verify(other.accessToken)).client_id, 'spa')
  assert.equal((await world.sessions.get(session.id ?? ''))?.revokedAt, null)
})

test('an access token does it as well, whatever the hint says', async () => {
  const world = new World()
  const session = await world.cookieSession()
  const given = await world.tokens.issue(session, { client: 'app' })
  const fields = { client_id: 'app', token: given.accessToken, token_type_hint: 'refresh_token' }
  assert.equal((await post(world, '/auth/token/revoke', fields)).status, 200)
  assert.equal(
    await outcome(() => world.tokens.refresh(given.refreshToken, { client: 'app' })),
    `${INVALID} grant_gone`,
  )
})

test('a session that was opened for a client alone ends with its tokens: no ghost stays in the list', async () => {
  const world = new World()
  const given = await world.signIn()
  await post(world, '/auth/token/revoke', { client_id: 'app', token: given.refreshToken })
  assert.equal((await world.sessions.get(given.sessionId))?.reason, 'logout')
})

test('what is forged, over or revoked before is 200: there is nothing to revoke', async () => {
  const world = new World()
  const given = await world.signIn()
  const revoke = async (token: string): Promise<string> =>
    said(await post(world, '/auth/token/revoke', { client_id: 'app', token }))
  for (const token of ['x', given.refreshToken.slice(1), `${given.accessToken}x`])
    assert.equal(await revoke(token), '200')
  await world.tokens.verify(given.accessToken)
  for (let n = 0; n < 2; n++) assert.equal(await revoke(given.refreshToken), '200')
  world.now += 3_600_000
  assert.equal(await revoke(given.accessToken), '200')
})

test('the token of another client is refused, and stays good', async () => {
  const world = new World()
  const given = await world.signIn()
  for (const token of [given.refreshToken, given.accessToken]) {
    assert.equal(
      said(await post(world, '/auth/token/revoke', { token }, server)),
      '400 invalid_grant',
    )
    assert.equal(await world.tokens.revoke(token, { client: 'server' }), 'other_client')
    const { reason, clientId } = world.named('token_rejected').at(-1) ?? assert.fail()
    assert.deepEqual([reason, clientId], ['other_client', 'server'])
  }
  await world.tokens.verify(given.accessToken)
  assert.equal(
    await outcome(() => world.tokens.refresh(given.refreshToken, { client: 'app' })),
    'ok',
  )
})

test('a page revokes by its cookie, which goes with the answer; with end_session the visitor is signed out everywhere', async () => {
  const world = new World()
  for (const end of [false, true]) {
    const browser = await new Browser(world).signIn()
    const { body } = await browser.issue()
    const fields = { client_id: 'spa', ...(end ? { end_session: 'true' } : {}) }
    const reply = await browser.form('/auth/token/revoke', fields)
    assert.equal(reply.status, 200)
    assert.match(reply.cookies.join('\n'), /^__Host-refresh=; Path=\/; .*Max-Age=0/m)
    const cookie = await world.sessions.resolve(browser.cookie('__Host-session') ?? '')
    assert.equal(cookie.status, end ? 'rejected' : 'active')
    assert.match(
      await outcome(() => world.tokens.verify(String(body['access_token']))),
      /^ERR_TOKEN_INVALID/,
    )
  }
})

test('end_session ends the session of the cookie, whatever has become of the refresh token', async () => {
  const spoil: Record<string, (browser: Browser, world: World, id: string) => unknown> = {
    'is missing': ({ jar }) => jar.delete('__Host-refresh'),
    'is doubled': ({ jar }) => {
      const value = jar.get('__Host-refresh')?.value ?? ''
      jar.set('__Host-refresh', { value: `${value}; __Host-refresh=${value}`, path: '/' })
    },
    'is forged': ({ jar }) => jar.set('__Host-refresh', { value: 'x', path: '/' }),
    'was revoked': (browser) => browser.form('/auth/token/revoke', { client_id: 'spa' }),
    'is of another session': async ({ jar }, world) => {
      const other = await new Browser(world).signIn()
      await other.issue()
      jar.set('__Host-refresh', { value: other.cookie('__Host-refresh') ?? '', path: '/' })
    },
  }
  for (const [what, change] of Object.entries(spoil)) {
    const world = new World()
    const browser = await new Browser(world).signIn()
    const id = String((await browser.issue()).body['session_id'])
    await change(browser, world, id)
    const reply = await browser.form('/auth/token/revoke', {
      client_id: 'spa',
      end_session: 'true',
    })
    assert.equal(said(reply), '200', what)
    assert.equal((await world.record(id)).reason, 'logout', what)
    assert.deepEqual([...browser.jar.keys()], [], what)
    assert.equal(said(await browser.issue()), '401 login_required', what)
    assert.equal(
      new Set(world.named('session_revoked').map(({ sessionId }) => sessionId)).size,
      world.named('session_revoked').length,
      what,
    )
  }
})

test('a sign-out that the store could not carry out is 503, and takes no cookie away', async () => {
  const store = memoryStore()
  const world = new World({ sessions: { store } })
  const browser = await new Browser(world).signIn()
  await browser.issue()
  browser.jar.delete('__Host-refresh')
  store.revoke = () => {
    throw new SessionError('ERR_SESSION_STORE_UNAVAILABLE', 'the store is down')
  }
  const fields = { client_id: 'spa', end_session: 'true' }
  const reply = await browser.form('/auth/token/revoke', fields)
  assert.deepEqual([said(reply), reply.cookies], ['503 temporarily_unavailable', []])
})

test('another site cannot sign a visitor out (logout CSRF), and a page without a cookie is 200', async () => {
  const world = new World()
  const browser = await new Browser(world).signIn()
  const { body } = await browser.issue()
  browser.site = 'cross-site'
  assert.equal(
    said(await browser.form('/auth/token/revoke', { client_id: 'spa' })),
    '403 invalid_request',
  )
  await world.tokens.verify(String(body['access_token']))
  browser.site = 'same-origin'
  browser.jar.clear()
  assert.equal(said(await browser.form('/auth/token/revoke', { client_id: 'spa' })), '200')
})

test('no confidential client ends the whole session of a user', async () => {
  const world = new World()
  const session = await world.cookieSession()
  const { refreshToken: token } = await world.tokens.issue(session, { client: 'server' })
  const reply = await post(world, '/auth/token/revoke', { token, end_session: 'true' }, server)
  assert.equal(said(reply), '400 invalid_request')
})

test('RFC 7662: an authorised client learns what an access token says, as long as its session lives', async () => {
  const world = new World()
  const given = await world.signIn()
  const ask = async (token: string): Promise<unknown> =>
    (await post(world, '/auth/introspect', { token }, server)).body
  const claims = await world.tokens.verify(given.accessToken)
  assert.deepEqual(await ask(given.accessToken), { active: true, token_type: 'Bearer', ...claims })
  await world.sessions.revoke(given.sessionId)
  assert.deepEqual(await ask(given.accessToken), { active: false })
})

test('its own refresh token is told to a client, and told as over once it is', async () => {
  const world = new World()
  const given = await world.tokens.issue(await world.cookieSession(), { client: 'server' })
  const {
    active,
    token_type: type,
    client_id: client,
    ...rest
  } = (await post(world, '/auth/introspect', { token: given.refreshToken }, server)).body
  assert.deepEqual([active, type, client], [true, 'refresh_token', 'server'])
  assert.equal(rest['sub'], 'ada')
  const next = await world.tokens.refresh(given.refreshToken, { client: 'server' })
  await world.tokens.refresh(next.refreshToken, { client: 'server' })
  world.now += 10_001
  assert.deepEqual(await world.tokens.introspect(given.refreshToken, { client: 'server' }), {
    active: false,
  })
  assert.equal((await world.record(given.sessionId)).revokedAt, null, 'introspection ends nothing')
})

test('everything that is not active has one and the same answer, byte for byte', async () => {
  const world = new World()
  const ended = await world.signIn()
  await world.sessions.revoke(ended.sessionId)
  const over = await world.signIn()
  const foreign = await world.signIn()
  const other = new World({ tokens: { issuer: 'https://other.example' } })
  const inactive = [
    'x',
    ended.accessToken,
    ended.refreshToken,
    foreign.refreshToken,
    altered(foreign.accessToken),
    (await other.signIn()).accessToken,
    over.accessToken,
  ]
  const answers = new Set<string>()
  for (const token of inactive) {
    if (token === over.accessToken) world.now += 3_600_000
    const { status, body, headers } = await post(world, '/auth/introspect', { token }, server)
    answers.add(JSON.stringify([status, body, [...headers]]))
  }
  assert.equal(answers.size, 1)
  assert.match([...answers].join(), /200,\{"active":false\}/)
})

test('introspection is for authorised clients alone', async () => {
  const world = new World()
  const { accessToken: token } = await world.signIn()
  assert.equal(said(await post(world, '/auth/introspect', { token })), '401 invalid_client')
  assert.equal(
    said(await post(world, '/auth/introspect', { token, client_id: 'app' })),
    '403 unauthorized_client',
  )
  const other = { client_id: 'other', client_secret: `other-${SECRET}` }
  assert.equal(
    said(await post(world, '/auth/introspect', { token, ...other })),
    '403 unauthorized_client',
  )
  assert.equal(said(await post(world, '/auth/introspect', {}, server)), '400 invalid_request')
})

/** The token with another letter in the midst of its signature. */
function altered(token: string): string {
  const at = token.length - 40
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}
