import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createSessions } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { fetchSessions, withSession } from '../src/index.js'

const store = memoryStore()
const sessions = createSessions({ store, keys: ['fetch-key-0123456789abcdefghijklmnop'] })
after(() => sessions.close())
const open = fetchSessions(sessions)

function get(headers: Readonly<Record<string, string>> = {}): Request {
  return new Request('https://app.example/', { headers })
}

function cookieOf(response: Response): string {
  return response.headers.getSetCookie().at(-1)?.split(';')[0] ?? ''
}

test('what is set is committed with the response, and read back by its cookie', async () => {
  const { session, commit } = await open(get())
  session.set('cart', ['tea'])
  const response = await commit(Response.json({ ok: true }))
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('vary'), 'Cookie')
  assert.deepEqual(await response.json(), { ok: true })
  const next = await open(get({ cookie: cookieOf(response) }))
  assert.deepEqual(next.session.get('cart'), ['tea'])
})

test('a response that needs nothing is given back as it is', async () => {
  const { commit } = await open(get())
  const response = new Response('x')
  assert.equal(await commit(response), response)
})

test('a response whose headers cannot be changed gets them all the same', async () => {
  const { session, commit } = await open(get())
  session.set('a', 1)
  const response = await commit(Response.redirect('https://app.example/next', 303))
  assert.equal(response.status, 303)
  assert.equal(response.headers.get('location'), 'https://app.example/next')
  assert.match(cookieOf(response), /^__Host-session=/)
})

test('every Set-Cookie of the application stays', async () => {
  const headers = new Headers([
    ['Set-Cookie', 'a=1'],
    ['Set-Cookie', 'b=2; Expires=Thu, 01 Jan 2032 00:00:00 GMT'],
  ])
  const { session, commit } = await open(get())
  session.set('a', 1)
  const lines = (await commit(new Response(null, { status: 204, headers }))).headers.getSetCookie()
  assert.deepEqual(lines.slice(0, 2), headers.getSetCookie())
  assert.equal(lines.length, 3)
})

test('a second commit, and a change after the first, are refused', async () => {
  const { session, commit } = await open(get())
  await commit(new Response('x'))
  await assert.rejects(commit(new Response('x')), { code: 'ERR_SESSION_RESPONSE_COMMITTED' })
  assert.throws(() => session.set('a', 1), { code: 'ERR_SESSION_RESPONSE_COMMITTED' })
})

test('a change made while the commit is under way is stored with it', async () => {
  const { session, commit } = await open(get())
  session.set('a', 1)
  const committing = commit(new Response('x'))
  session.set('b', 2)
  await Promise.resolve()
  session.set('c', 3)
  const cookie = cookieOf(await committing)
  const next = await open(get({ cookie }))
  assert.deepEqual(next.session.keys().toSorted(), ['a', 'b', 'c'])
})

test('a commit that fails sends nothing, and stops what feeds the body', async () => {
  const broken = memoryStore()
  broken.insert = () => Promise.reject(new Error('the disk is gone'))
  const failing = createSessions({ store: broken, keys: ['fetch-key-0123456789abcdefghijklmnop'] })
  const { session, commit } = await fetchSessions(failing)(get())
  session.set('a', 1)
  let cancelled = false
  const body = new ReadableStream({
    cancel: () => {
      cancelled = true
    },
  })
  await assert.rejects(commit(new Response(body)), { code: 'ERR_SESSION_STORE_UNAVAILABLE' })
  assert.equal(cancelled, true)
  assert.throws(() => session.set('a', 2), { code: 'ERR_SESSION_RESPONSE_COMMITTED' })
  await failing.close()
})

test('the URL says whether the client came by TLS, and which host it asked', async () => {
  const plain = await open(new Request('http://app.example/'))
  plain.session.set('a', 1)
  await assert.rejects(plain.commit(new Response('x')), { code: 'ERR_SESSION_INSECURE_TRANSPORT' })
  const own = { method: 'POST', headers: { origin: 'https://app.example' } }
  await open(new Request('https://app.example/', own))
  await assert.rejects(open(new Request('https://other.example/', own)), {
    code: 'ERR_SESSION_CSRF',
  })
  const local = fetchSessions(sessions, { development: true })
  const { session, commit } = await local(new Request('http://localhost:3000/'), { address: '::1' })
  session.set('a', 1)
  assert.match(cookieOf(await commit(new Response('x'))), /^session=/)
})

test('a request that is no activity moves no deadline', async () => {
  let now = Date.now()
  const clocked = createSessions({
    store: memoryStore(),
    keys: ['fetch-key-0123456789abcdefghijklmnop'],
    clock: () => now,
    sweepInterval: Infinity,
  })
  const at = fetchSessions(clocked)
  const { session, commit } = await at(get())
  await session.authenticate('ann')
  const cookie = cookieOf(await commit(new Response('x')))
  now += 10 * 60_000
  const before = (await at(get({ cookie }), { countsAsActivity: false })).session.expiresAt
  const poll = await at(get({ cookie }), { countsAsActivity: false })
  await poll.commit(new Response('x'))
  assert.equal((await at(get({ cookie }))).session.expiresAt, before)
  const click = await at(get({ cookie }))
  await click.commit(new Response('x'))
  assert.equal((await at(get({ cookie }))).session.expiresAt, now + 60 * 60_000)
  await clocked.close()
})

test('withSession commits what the handler changed, and what it changed before it threw', async () => {
  const handle = withSession(sessions, (request, session) => {
    session.set('seen', new URL(request.url).pathname)
    if (request.url.endsWith('/broken')) throw new Error('a secret of the application')
    return Response.json(session.get('seen'))
  })
  for (const [path, status] of [
    ['fine', 200],
    ['broken', 500],
  ] as const) {
    const response = await handle(new Request(`https://app.example/${path}`))
    assert.equal(response.status, status)
    assert.doesNotMatch(await response.text(), /secret/)
    const { session } = await open(get({ cookie: cookieOf(response) }))
    assert.equal(session.get('seen'), `/${path}`)
  }
})

test('withSession answers what cannot be served with its status, or as it is told to', async () => {
  const post = (): Request =>
    new Request('https://app.example/', {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    })
  const never = (): never => assert.fail('the handler must not run')
  const plain = await withSession(sessions, never)(post())
  assert.equal(plain.status, 403)
  assert.equal(plain.headers.get('content-type'), 'application/problem+json')
  assert.equal(plain.headers.get('x-content-type-options'), 'nosniff')
  assert.deepEqual(await plain.json(), {
    type: 'about:blank',
    status: 403,
    code: 'ERR_SESSION_CSRF',
  })
  const own = withSession(sessions, never, { onError: () => new Response('no', { status: 418 }) })
  assert.equal((await own(post())).status, 418)
})
