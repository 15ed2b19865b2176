import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createSessions } from '@holdfast/core'
import type { OpenSession } from '@holdfast/core/engine'
import { memoryStore } from '@holdfast/memory'
import type { HeaderValue } from '../src/index.js'
import { createTransport, type IncomingRequest, type TransportOptions } from '../src/transport.js'

const sessions = createSessions({
  store: memoryStore(),
  keys: ['transport-key-0123456789abcdefghijkl'],
})
after(() => sessions.close())

class FakeRequest implements IncomingRequest {
  readonly method: string
  readonly peer: string | undefined
  readonly encrypted: boolean
  readonly asked: string[] = []
  readonly #headers: Readonly<Record<string, HeaderValue>>

  constructor(
    headers: Readonly<Record<string, HeaderValue>>,
    facts: Partial<IncomingRequest> = {},
  ) {
    this.#headers = headers
    this.method = facts.method ?? 'GET'
    this.peer = 'peer' in facts ? facts.peer : '192.0.2.1'
    this.encrypted = facts.encrypted ?? true
  }

  header(name: string): HeaderValue {
    this.asked.push(name)
    return this.#headers[name]
  }
}

async function open(
  request: IncomingRequest,
  options: TransportOptions = {},
): Promise<OpenSession> {
  return createTransport(sessions, options).open(request, true)
}

/** The Cookie header of a new session under `name`. */
async function signedIn(options: TransportOptions = {}, encrypted = true): Promise<string> {
  const request = new FakeRequest({ host: 'localhost' }, { encrypted, peer: '127.0.0.1' })
  const transport = createTransport(sessions, options)
  const session = await transport.open(request, true)
  await session.authenticate('ann', {})
  const action = await session.commit()
  assert.equal(action.kind, 'set')
  return action.kind === 'set' ? `${transport.variantFor(request).name}=${action.token}` : ''
}

test('of an anonymous request over TLS only the Cookie header is read', async () => {
  const request = new FakeRequest({})
  const session = await open(request, { trustProxy: ['loopback'] })
  assert.equal(session.record, null)
  assert.deepEqual(request.asked, ['cookie'])
})

test('a signed-in request over TLS is told by its cookie alone', async () => {
  const cookie = await signedIn()
  for (const value of [cookie, [cookie], ['a=1', cookie], `a=1; ${cookie}`]) {
    const request = new FakeRequest({ cookie: value })
    assert.equal((await open(request)).record?.subject, 'ann')
    assert.deepEqual(request.asked, ['cookie'])
  }
})

test('nothing at all is known of a request without a peer, and it is served', async () => {
  const request = new FakeRequest({ host: undefined }, { peer: undefined, encrypted: false })
  assert.equal((await open(request, { development: true })).record, null)
  assert.equal((await open(request, { trustProxy: ['loopback'] })).record, null)
})

test('a token of one cookie is good under no other name', async () => {
  const token = (await signedIn()).split('=')[1]
  const name = '__Host-other'
  const other = new FakeRequest({ cookie: `${name}=${token}` })
  const session = await open(other, { cookie: { name } })
  assert.equal(session.record, null)
  assert.equal(session.rejection, 'malformed')
})

test('the form of the cookie goes with the connection of the client', async () => {
  const direct = createTransport(sessions, { development: true })
  assert.equal(direct.variantFor(new FakeRequest({}, { encrypted: true })).name, '__Host-session')
  assert.equal(direct.variantFor(new FakeRequest({}, { encrypted: false })).name, 'session')
  const behind = createTransport(sessions, { development: true, trustProxy: ['loopback'] })
  const proxied = (proto: string, peer = '127.0.0.1'): string =>
    behind.variantFor(new FakeRequest({ 'x-forwarded-proto': proto }, { encrypted: false, peer }))
      .name
  assert.equal(proxied('https'), '__Host-session')
  assert.equal(proxied('http'), 'session')
  assert.equal(proxied('https', '192.0.2.1'), 'session')
  assert.equal(
    createTransport(sessions).variantFor(new FakeRequest({}, { encrypted: false })).name,
    '__Host-session',
  )
})

test('HTTP/2 names the host by :authority', () => {
  const transport = createTransport(sessions)
  const headers = { ':authority': 'app.example', origin: 'https://app.example' }
  transport.assertSameOrigin(new FakeRequest(headers, { method: 'POST' }))
  const other = { ...headers, origin: 'https://evil.example' }
  assert.throws(() => transport.assertSameOrigin(new FakeRequest(other, { method: 'POST' })), {
    code: 'ERR_SESSION_CSRF',
  })
})

test('a host that is sent twice is not chosen from', () => {
  const transport = createTransport(sessions)
  const headers = { host: ['evil.example', 'app.example'], origin: 'https://app.example' }
  assert.throws(() => transport.assertSameOrigin(new FakeRequest(headers, { method: 'POST' })), {
    code: 'ERR_SESSION_CSRF',
  })
})

test('a bearer token counts only where no cookie of ours is sent', async () => {
  const [, token = ''] = (await signedIn()).split('=')
  const authorization = `Bearer ${token}`
  const by = async (
    headers: Readonly<Record<string, HeaderValue>>,
    bearer = true,
  ): Promise<unknown> => (await open(new FakeRequest(headers), { bearer })).record?.subject ?? null
  assert.equal(await by({ authorization }), 'ann')
  assert.equal(await by({ authorization }, false), null)
  assert.equal(await by({ authorization, cookie: 'other=1' }), 'ann')
  assert.equal(await by({ authorization, cookie: '__Host-session=bad' }), null)
  assert.equal(await by({ authorization, cookie: '__Host-session=' }), null)
})

test('a request that is no activity moves no deadline', async () => {
  let now = Date.now()
  const store = memoryStore()
  const options = { store, keys: ['transport-key-0123456789abcdefghijkl'], clock: () => now }
  const clocked = createSessions({ ...options, sweepInterval: Infinity })
  const transport = createTransport(clocked)
  const first = await transport.open(new FakeRequest({}), true)
  await first.authenticate('ann', {})
  const action = await first.commit()
  const cookie = `__Host-session=${action.kind === 'set' ? action.token : ''}`
  now += 10 * 60_000
  assert.equal((await transport.open(new FakeRequest({ cookie }), false)).dirty, false)
  assert.equal((await transport.open(new FakeRequest({ cookie }), true)).dirty, true)
  await clocked.close()
})

test('wrong options are told by their names', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ developement: true }, /developement/],
    [{ development: 1 }, /^development/],
    [{ bearer: 'yes' }, /^bearer/],
    [{ trustProxy: ['nonsense'] }, /trustProxy\[0\]/],
    [{ trustedOrigins: ['https://a.example/'] }, /trustedOrigins\[0\]/],
    [{ forwardedHeader: 'x-real-ip' }, /forwardedHeader/],
    [{ cookie: { sameSite: 'none' } }, /cookie\.sameSite/],
    [{ cookie: { secure: false } }, /cookie\.secure/],
  ]
  for (const [options, message] of wrong) {
    assert.throws(() => createTransport(sessions, options), { name: 'TypeError', message })
  }
})

test('an unsafe request of another site is refused, and told to those who watch, without a store call', () => {
  const seen: unknown[] = []
  const stop = sessions.on('csrf_refused', ({ reason, sessionId, client }) => {
    seen.push([reason, sessionId, client])
  })
  const headers = {
    'sec-fetch-site': 'cross-site',
    host: 'app.example',
    'user-agent': 'Firefox',
  }
  const request = new FakeRequest(headers, { method: 'POST' })
  assert.throws(() => createTransport(sessions).assertSameOrigin(request), {
    code: 'ERR_SESSION_CSRF',
  })
  stop()
  const client = { address: '192.0.2.0/24', userAgent: 'Firefox' }
  assert.deepEqual(seen, [['cross_site', null, client]])
})
