import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NoRequest, Session } from '@holdfast/core/engine'
import { linesOf, NAVIGATION, tokenOf } from './support/asking.js'
import { HOUR, MINUTE, SECOND, Site } from './support/site.js'
import { headerOf, headText } from './support/wire.js'

const site = await Site.open()

const CROSS_SITE = [
  ['Origin', 'https://evil.example'],
  ['Sec-Fetch-Site', 'cross-site'],
  ['Sec-Fetch-Mode', 'no-cors'],
] as const

/** Nothing in it is for a cache or a second cookie. */
function assertPlain(answer: Awaited<ReturnType<Site['ask']>>, status: number): void {
  assert.equal(answer.status, status)
  assert.equal(headerOf(answer, 'cache-control'), 'no-store')
  assert.equal(headerOf(answer, 'x-accel-expires'), '0')
  assert.equal(tokenOf(answer), null)
  assert.equal(answer.body, '')
}

test('who is signed in is let in, with an assertion for the application that asked', async () => {
  const token = await site.signIn('ada', ['pwd', 'otp'])
  const answer = await site.ask({ token })
  assertPlain(answer, 204)
  const seconds = site.now / 1000
  assert.deepEqual(site.assertion(answer), {
    aud: 'shop',
    sub: 'ada',
    sid: token.slice(0, 22),
    ns: 'shop-data',
    iat: seconds,
    exp: seconds + 30,
    auth_time: seconds,
    amr: ['pwd', 'otp'],
  })
  assert.equal(site.assertion(answer, 'blog'), null, 'for no other')
  assert.equal(site.assertion(await site.ask({ token, app: 'blog' }), 'blog')?.ns, 'blog-data')
})

test('who is not signed in is refused, and told no more', async () => {
  const revoked = await site.signIn()
  await site.sessions.revoke(revoked.slice(0, 22), { reason: 'test' })
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['no cookie', []],
    ['an empty cookie', ['__Host-session=']],
    ['junk', ['__Host-session=junk']],
    ['a session without a sign-in', [`__Host-session=${await site.cart()}`]],
    ['a revoked session', [`__Host-session=${revoked}`]],
    ['a token with another tag', [`__Host-session=${revoked.slice(0, -1)}!`]],
    ['bytes beyond ASCII', ['__Host-session=\u00ff\u00fe']],
  ]
  for (const [what, cookies] of rows) {
    const answer = await site.ask({ cookies })
    assertPlain(answer, 401)
    assert.equal(headerOf(answer, 'x-session-assertion'), undefined, what)
  }
})

test('a session that has expired is refused', async () => {
  const own = await Site.open()
  const token = await own.signIn()
  own.now += HOUR - 1
  assert.equal((await own.ask({ token })).status, 204)
  own.now += HOUR
  assertPlain(await own.ask({ token }), 401)
  await own.close()
})

test('the optional form answers 204 to everybody, and names those who are signed in', async () => {
  const path = '/v1/check/optional'
  const known = await site.ask({ path, token: await site.signIn('bob') })
  assertPlain(known, 204)
  assert.equal(site.assertion(known)?.sub, 'bob')
  const anonymous = await site.ask({ path })
  assertPlain(anonymous, 204)
  assert.equal(headerOf(anonymous, 'x-session-assertion'), undefined)
})

test('the redirecting form sends pages to the sign-in, and refuses everything else', async () => {
  const path = '/v1/forward-auth'
  const known = await site.ask({ path, token: await site.signIn() })
  assertPlain(known, 200)
  assert.notEqual(site.assertion(known), null)
  assertPlain(await site.ask({ path }), 401)
  const page = await site.ask({ path, lines: NAVIGATION })
  assertPlain(page, 302)
  assert.equal(headerOf(page, 'location'), '/login?return_to=%2Fcart%3Fitem%3D1')
  const old = await site.ask({ path, lines: [['Accept', 'text/html,*/*']] })
  assert.equal(old.status, 302, 'a browser that says nothing of how it fetches')
  for (const uri of [
    '//evil.example/',
    'https://evil.example/',
    '/\\evil.example',
    'x'.repeat(9),
  ]) {
    const answer = await site.ask({ path, uri, lines: NAVIGATION })
    assert.equal(headerOf(answer, 'location'), '/login?return_to=%2F', uri)
  }
  const umlaut = await site.ask({ path, uri: '/caf\u00c3\u00a9', lines: NAVIGATION })
  assert.equal(headerOf(umlaut, 'location'), '/login?return_to=%2Fcaf%25C3%25A9')
  const long = await site.ask({ path, uri: `/${'%20'.repeat(600)}`, lines: NAVIGATION })
  assert.equal(headerOf(long, 'location'), '/login', 'what no web server would take as a header')
})

test('a token is renewed on navigations alone, with exactly one cookie', async () => {
  const own = await Site.open()
  const token = await own.signIn()
  own.now += 20 * MINUTE
  const script = [
    ['Sec-Fetch-Mode', 'cors'],
    ['Sec-Fetch-Dest', 'empty'],
  ] as const
  const frame = [...NAVIGATION.slice(0, 2), ['Sec-Fetch-Dest', 'iframe']] as const
  const twice = [...NAVIGATION, ['Sec-Fetch-Dest', 'document']] as const
  for (const lines of [[], script, frame, twice])
    assert.equal(tokenOf(await own.ask({ token, lines })), null)
  assert.equal(tokenOf(await own.ask({ token, lines: NAVIGATION, proto: 'http' })), null)
  assert.equal(tokenOf(await own.ask({ token, lines: NAVIGATION, method: 'HEAD' })), null)

  const page = await own.ask({ token, lines: NAVIGATION })
  assert.equal(page.status, 204)
  assert.match(
    headerOf(page, 'set-cookie') ?? '',
    /^__Host-session=[0-9A-Za-z-]{95}; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
  )
  const successor = tokenOf(page) ?? ''
  assert.notEqual(successor, token)
  assert.equal(tokenOf(await own.ask({ token: successor, lines: NAVIGATION })), null, 'once')
  await own.close()
})

test('a replaced token passes without a cookie while it is good, and ends the session after that', async () => {
  const own = await Site.open()
  const token = await own.signIn()
  own.now += 20 * MINUTE
  const successor = tokenOf(await own.ask({ token, lines: NAVIGATION })) ?? ''
  // The answer was lost, or a script asks beside the page.
  assertPlain(await own.ask({ token }), 204)
  assert.equal(tokenOf(await own.ask({ token, lines: NAVIGATION })), successor, 'given again')
  assertPlain(await own.ask({ token: successor }), 204)
  own.now += 9 * SECOND
  assertPlain(await own.ask({ token }), 204)
  own.now += 2 * SECOND
  assertPlain(await own.ask({ token }), 401)
  assertPlain(await own.ask({ token: successor }), 401)
  assert.ok(own.events.some(({ type }) => type === 'token_reuse'))
  await own.close()
})

test('of several session cookies only one that is certainly ours counts', async () => {
  const [mine, other] = [await site.signIn('ada'), await site.signIn('eve')]
  const line = (token: string): string => `__Host-session=${token}`
  assert.equal((await site.ask({ cookies: [`${line(mine)}; ${line(other)}`] })).status, 401)
  assert.equal((await site.ask({ cookies: [line(mine), line(other)] })).status, 401, 'two lines')
  assert.equal((await site.ask({ cookies: [line(mine), line(mine)] })).status, 401)
  const beside = await site.ask({ cookies: [`a=1; ${line('junk')}`, `${line(mine)}; b=2`] })
  assert.equal(site.assertion(beside)?.sub, 'ada')
  const joined = await site.ask({ cookies: [`${line(mine)}, ${line(other)}`] })
  assert.equal(joined.status, 401)
})

test('what a client says of itself changes nothing', async () => {
  const token = await site.signIn('ada')
  const forged = headerOf(
    await site.ask({ token: await site.signIn('eve') }),
    'x-session-assertion',
  )
  const lines = ['X-Session-Assertion', 'x_session_assertion', 'X-SESSION_Assertion'].map(
    (name) => [name, forged ?? ''] as const,
  )
  const more = [
    ['X-Session-Subject', 'root'],
    ['X_Session_App', 'blog'],
    ['X-Session_App', 'blog'],
    ['X-Session-Id', 'root'],
    ['Remote-User', 'root'],
    ['Authorization', `Bearer ${token}`],
  ] as const
  assertPlain(await site.ask({ lines: [...lines, ...more] }), 401)
  const answer = await site.ask({ token, lines: [...lines, ...more] })
  assert.equal(site.assertion(answer)?.sub, 'ada')
})

test('a web server that does not say for whom it asks is told so, and lets nobody in', async () => {
  const own = await Site.open()
  const token = await own.signIn()
  const rows: readonly (readonly [RegExp, Parameters<Site['ask']>[0]])[] = [
    [/does not say for which/, { token, app: null }],
    [/does not know/, { token, app: 'Shop' }],
    [/does not know/, { token, app: '' }],
    [/does not know/, { token, app: 'constructor' }],
    [/more than once/, { token, lines: [['x-session-app', 'shop']] }],
    [/X-Forwarded-Method/, { token, method: null }],
    [/X-Forwarded-Method/, { token, lines: [['x-forwarded-method', 'GET']] }],
  ]
  for (const [detail, question] of rows) {
    for (const path of ['/v1/check', '/v1/check/optional', '/v1/forward-auth']) {
      const answer = await own.ask({ ...question, path })
      assert.equal(answer.status, 500)
      assert.equal(headerOf(answer, 'content-type'), 'application/problem+json')
      const problem: Record<string, unknown> = JSON.parse(answer.body)
      assert.equal(problem['code'], 'ERR_SESSION_CONFIG')
      assert.match(String(problem['detail']), detail)
    }
  }
  assert.equal(own.logged.length, 4, 'each fault once, not with each request')
  await own.close()
})

test('an unsafe request of another site is refused, and so is a WebSocket that it opens', async () => {
  const token = await site.signIn()
  const own = [['Origin', 'https://www.example.com']] as const
  const refused = async (question: Parameters<Site['ask']>[0]): Promise<void> => {
    const answer = await site.ask({ token, ...question })
    assert.equal(answer.status, 403)
    assert.match(answer.body, /"code":"ERR_SESSION_CSRF"/)
    assert.equal(headerOf(answer, 'x-session-assertion'), undefined)
  }
  await refused({ method: 'POST', lines: CROSS_SITE })
  await refused({ method: 'POST' })
  await refused({ method: 'get', lines: CROSS_SITE })
  await refused({ method: 'POST', lines: [...own, ['x-forwarded-host', 'b.example']] })
  await refused({ method: 'POST', proto: 'http', lines: [['Origin', 'https://www.example.com']] })
  assert.equal((await site.ask({ token, lines: CROSS_SITE })).status, 204, 'a link is no harm')
  assert.equal((await site.ask({ token, method: 'POST', lines: own })).status, 204)
  for (const line of [
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['Sec-Fetch-Mode', 'websocket'],
  ] as const) {
    await refused({ lines: [...CROSS_SITE.slice(0, 2), line] })
    assert.equal((await site.ask({ token, lines: [...own, line] })).status, 204)
  }
})

test('a request of another site leaves no trace of itself in the session', async () => {
  const own = await Site.open()
  const token = await own.signIn()
  own.now += 20 * MINUTE
  const id = token.slice(0, 22)
  const before = await own.sessions.get(id)
  await own.ask({ token, method: 'POST', lines: CROSS_SITE })
  assert.deepEqual(await own.sessions.get(id), before)
  await own.close()
})

test('activity is recorded by the check, and moves the idle end alone', async () => {
  const own = await Site.open()
  const token = await own.signIn()
  const id = token.slice(0, 22)
  const first = await own.sessions.get(id)
  own.now += 30 * MINUTE
  await own.ask({ token })
  const then = await own.sessions.get(id)
  assert.equal(then?.lastSeenAt, own.now)
  assert.equal(then?.absoluteDeadline, first?.absoluteDeadline)
  await own.close()
})

test('a web server may keep what the settings allow, and nothing else', async () => {
  const own = await Site.open({ check: { cache: 5_500 } })
  const token = await own.signIn()
  const kept = async (question: Parameters<Site['ask']>[0]): Promise<string | undefined> => {
    const answer = await own.ask(question)
    const names = answer.lines.map(([name]) => name)
    const order = names.indexOf('x-accel-expires') < names.indexOf('cache-control')
    assert.ok(order, 'nginx 1.22 believes the first')
    return headerOf(answer, 'x-accel-expires')
  }
  const same = [['Origin', 'https://www.example.com']] as const
  assert.equal(await kept({ token }), '5')
  assert.equal(await kept({}), '0')
  assert.equal(await kept({ path: '/v1/check/optional' }), '0')
  assert.equal(await kept({ token, method: 'POST', lines: same }), '0')
  assert.equal(await kept({ token, lines: [...same, ['Upgrade', 'websocket']] }), '0')
  assert.equal(await kept({ token, app: null }), '0')
  own.now += 20 * MINUTE
  assert.equal(await kept({ token, lines: NAVIGATION }), '0', 'a cookie is for one browser')
  const other = await own.signIn()
  own.now += HOUR - 4 * SECOND
  assert.equal((await own.ask({ token: other })).status, 204)
  await own.close()
})

test('what a web server keeps never outlives the session or the assertion', async () => {
  const own = await Site.open({ check: { cache: 60_000, assertionLifetime: 30_000 } })
  const token = await own.signIn()
  assert.equal(headerOf(await own.ask({ token }), 'x-accel-expires'), '15')
  const old = await Site.open({
    check: { cache: 5_000 },
    sessions: { absoluteTimeout: HOUR, idleTimeout: HOUR, renewalTimeout: Infinity },
  })
  // In whole seconds it is rather a moment too short than too long.
  old.now += SECOND / 2
  const late = await old.signIn()
  old.now += HOUR - 4.5 * SECOND
  const answer = await old.ask({ token: late })
  assert.equal(headerOf(answer, 'x-accel-expires'), '0')
  assert.equal(old.assertion(answer)?.exp, old.now / 1000 + 4)
  await Promise.all([own.close(), old.close()])
})

test('a new key signs at once, and the old one is still understood', async () => {
  const own = await Site.open()
  const token = await own.signIn()
  const before = await own.ask({ token })
  own.sessions.setKeys([
    'daemon-tests/another/Jd6NsE3kL9xQzU4tGbW0',
    'daemon-tests/newest/hB5ZpF2mX8qRwT7vYc',
  ])
  const after = await own.ask({ token })
  assert.notEqual(own.assertion(before), null)
  assert.notEqual(own.assertion(after), null)
  const kid = (answer: typeof after): unknown => {
    const [head = ''] = (headerOf(answer, 'x-session-assertion') ?? '').split('.')
    const value: { kid?: unknown } = JSON.parse(Buffer.from(head, 'base64url').toString())
    return value.kid
  }
  assert.notEqual(kid(before), kid(after))
  await own.close()
})

test('an assertion is the same for a second, unless the session has changed', async () => {
  const own = await Site.open()
  const token = await own.signIn('ada', ['pwd'])
  const said = async (present: string): Promise<string | undefined> =>
    headerOf(await own.ask({ token: present }), 'x-session-assertion')
  const first = await said(token)
  assert.equal(await said(token), first)
  const open = await own.sessions.open(
    own.sessions.tokenKeys('__Host-session'),
    new NoRequest(token),
  )
  await new Session(open).reauthenticate({ methods: ['otp'] })
  const action = open.finish()
  assert.ok(action.kind === 'set')
  const stepped = await own.ask({ token: action.token })
  assert.deepEqual(own.assertion(stepped)?.amr, ['otp'])
  own.now += SECOND
  assert.equal(own.assertion(await own.ask({ token: action.token }))?.iat, own.now / SECOND)
  await own.close()
})

test('an assertion with names of methods beyond all measure still fits a web server', async () => {
  const methods = Array.from({ length: 16 }, () => '\u0001'.repeat(64))
  const subject = 'ü'.repeat(255)
  const answer = await site.ask({ token: await site.signIn(subject, methods) })
  assert.equal(answer.status, 204)
  const said = site.assertion(answer)
  assert.deepEqual([said?.sub, said?.amr], [subject, []])
})

test('a sign-out is seen by the very next check', async () => {
  const wire = site.wire()
  const token = await site.signIn()
  const text = headText('/v1/check', linesOf({ token }))
  wire.send(text)
  assert.equal((await wire.answer())?.status, 204)
  const keys = site.sessions.tokenKeys('__Host-session')
  const nothing = { rejection: null, address: null, userAgent: null, countsAsActivity: true }
  const open = await site.sessions.open(keys, { ...nothing, token, refusal: null })
  await new Session(open).revoke()
  wire.send(text)
  assert.equal((await wire.answer())?.status, 401)
  await wire.close()
})
