import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { minutes } from '@holdfast/core'
import { isProblem } from './lib/answers.js'
import type { Answer, Client } from './lib/client.js'
import { type Site, startSite } from './lib/site.js'

let site: Site

before(async () => {
  site = await startSite()
})
after(() => site.stop())

describe('scripts sign in and out', () => {
  test('signing in gives the account, the session id and a cookie that scripts of pages cannot read', async () => {
    const client = site.client()
    const answer = await client.signIn()
    const me = await client.get('/me')
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.cookies, ['__Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax'])
    assert.match(me.text, /^\{"subject":"demo1","sessionId":"[0-9A-Za-z]{22}"\}$/)
    assert.deepEqual(me.json, answer.json)
    assert.equal(me.header('cache-control'), 'no-store')
  })

  test('being remembered makes the cookie last', async () => {
    const answer = await site
      .client()
      .post('/login', { username: 'demo1', password: 'holdfast-demo', remember: true })
    assert.match(answer.cookies[0] ?? '', /; Max-Age=86[34]\d\d/)
  })

  test('a sign-in keeps the session and makes its old token worthless', async () => {
    const client = site.client()
    await client.post('/cart/add', { item: 'bread' })
    const earlier = client.clone()
    await client.signIn()
    assert.deepEqual((await client.get('/cart')).json, { items: { bread: 1 }, changes: 1 })
    assert.deepEqual((await earlier.get('/cart')).json, { items: {}, changes: 0 })
  })

  test('another account on the same browser starts with nothing of the first', async () => {
    const client = site.client()
    await client.signIn('demo1')
    await client.send('PUT', '/data/mine', { json: { value: 1 } })
    const first = client.clone()
    await client.signIn('demo2')
    assert.deepEqual((await client.get('/data')).json, {})
    assert.equal((await first.get('/me')).status, 401)
  })

  test('signing out ends the session, the cookie and what the browser keeps', async () => {
    const client = site.client()
    await client.signIn()
    const copy = client.clone()
    const answer = await client.post('/logout')
    assert.equal(answer.status, 200)
    assert.match(answer.cookies.join(), /Max-Age=0/)
    assert.equal(answer.header('clear-site-data'), '"cache","storage"')
    isProblem(await copy.get('/me'), 401, 'not_signed_in')
  })

  test('a script signs out without a body, too', async () => {
    const client = site.client()
    await client.signIn()
    const copy = client.clone()
    assert.equal((await client.send('POST', '/logout')).status, 200)
    assert.equal((await copy.get('/me')).status, 401)
  })

  test('signing out twice is no error and sets no cookie', async () => {
    const answer = await site.client().post('/logout')
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.cookies, [])
  })

  test('the password again makes a new token and opens the vault', async () => {
    const client = site.client()
    await client.signIn()
    assert.equal((await client.get('/vault')).status, 200)
    site.advance(minutes(4))
    isProblem(await client.get('/vault'), 401, 'ERR_SESSION_NOT_FRESH')
    isProblem(await client.post('/reauthenticate', { password: 'no' }), 401, 'wrong_credentials')
    const copy = client.clone()
    assert.equal((await client.post('/reauthenticate', { password: 'holdfast-demo' })).status, 200)
    assert.equal((await client.get('/vault')).status, 200)
    assert.equal((await copy.get('/me')).status, 401)
  })
})

describe('devices', () => {
  test('the list shows what people need to know of their sessions, and nothing secret', async () => {
    const client = site.client()
    await client.signIn('demo2')
    const { sessionId } = (await client.get('/me')).json as { sessionId: string }
    const list = (await client.get('/sessions')).json as Record<string, unknown>[]
    const [first] = list
    assert.deepEqual(Object.keys(first ?? {}).toSorted(), [
      'address',
      'authenticatedAt',
      'createdAt',
      'current',
      'expiresAt',
      'id',
      'label',
      'lastSeenAt',
    ])
    assert.equal(first?.['id'], sessionId)
    assert.deepEqual(
      list.map((each) => each['current']),
      [true, ...list.slice(1).map(() => false)],
    )
    assert.equal(first?.['address'], '127.0.0.0/24')
  })

  test('one device ends another at once', async () => {
    const [one, other] = [site.client(), site.client()]
    await one.signIn()
    await other.signIn()
    const id = await idOf(other)
    assert.deepEqual((await one.post(`/sessions/${id}/revoke`)).json, { ended: 1 })
    assert.equal((await other.get('/me')).status, 401)
    assert.equal((await one.get('/me')).status, 200)
    isProblem(await one.post(`/sessions/${id}/revoke`), 404, 'not_found')
  })

  test('ending this very session signs out', async () => {
    const client = site.client()
    await client.signIn()
    const copy = client.clone()
    const answer = await client.post(`/sessions/${await idOf(client)}/revoke`)
    assert.match(answer.cookies.join(), /Max-Age=0/)
    assert.equal((await copy.get('/me')).status, 401)
  })

  test('sessions of other accounts, of nobody and of nowhere do not exist', async () => {
    const [mine, foreign, anonymous] = [site.client(), site.client(), site.client()]
    await mine.signIn('demo1')
    await foreign.signIn('demo2')
    await anonymous.post('/cart/add', { item: 'bread' })
    const [unowned] = await anonymousIds(anonymous)
    const ids = [await idOf(foreign), unowned ?? '', 'A'.repeat(22), 'x', '__proto__', '%00', 'ä']
    for (const id of ids) isProblem(await mine.post(`/sessions/${id}/revoke`), 404, 'not_found')
    assert.equal((await foreign.get('/me')).status, 200)
    isProblem(await anonymous.post(`/sessions/${await idOf(mine)}/revoke`), 401, 'not_signed_in')
  })

  test('all others end, this one stays', async () => {
    const [first, ...others] = await signInMany(3)
    const answer = await first.post('/logout-others')
    assert.ok(endedBy(answer) >= others.length)
    assert.equal((await first.get('/me')).status, 200)
    for (const other of others) assert.equal((await other.get('/me')).status, 401)
  })

  test('everywhere means here, too, and no other account', async () => {
    const foreign = site.client()
    await foreign.signIn('demo2')
    const clients = await signInMany(2)
    const copies = clients.map((client) => client.clone())
    const answer = await clients[0].post('/logout-everywhere')
    assert.ok(endedBy(answer) >= 3)
    assert.match(answer.cookies.join(), /Max-Age=0/)
    for (const copy of copies) assert.equal((await copy.get('/me')).status, 401)
    assert.equal((await foreign.get('/me')).status, 200)
  })
})

describe('trouble', () => {
  test('a store that fails is 503 for everybody who has a session, and signs nobody out', async () => {
    const client = site.client()
    await client.signIn()
    site.store.broken = true
    const answers = [
      await client.get('/me'),
      await client.get('/sessions'),
      await client.post('/cart/add', { item: 'bread' }),
      await client.post('/logout'),
    ]
    const page = await client.get('/', { headers: { accept: 'text/html' } })
    site.store.broken = false
    for (const answer of answers) {
      isProblem(answer, 503, 'ERR_SESSION_STORE_UNAVAILABLE')
      assert.deepEqual(answer.cookies, [])
      assert.doesNotMatch(answer.text, /disk/)
    }
    assert.equal(page.status, 503)
    assert.match(page.text, /You are still signed in/)
    assert.deepEqual(page.cookies, [])
    assert.equal((await client.get('/me')).status, 200)
  })

  test('guessing passwords is stopped, for that account and address only, parallel guesses included', async () => {
    const own = await startSite()
    const client = own.client()
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => client.signIn('demo1', 'guess')),
    )
    const count = (wanted: number): number =>
      answers.filter(({ status }) => status === wanted).length
    const blocked = await client.signIn('demo1')
    const free = await client.signIn('demo2')
    await own.stop()
    assert.equal(count(401), 11)
    assert.equal(count(429), 19)
    isProblem(blocked, 429, 'too_many_attempts')
    assert.match(blocked.header('retry-after') ?? '', /^[1-6]?\d$/)
    assert.equal(free.status, 200)
  })

  test('forty people sign in at once', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => site.client().signIn()))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  })
})

async function idOf(client: Client): Promise<string> {
  return ((await client.get('/me')).json as { sessionId: string }).sessionId
}

async function signInMany(others: number): Promise<readonly [Client, ...Client[]]> {
  const clients = Array.from({ length: others }, () => site.client())
  const first = site.client()
  for (const client of [first, ...clients]) await client.signIn()
  return [first, ...clients]
}

function endedBy(answer: Answer): number {
  return (answer.json as { ended: number }).ended
}

/** The id of an anonymous session, which the site itself shows nowhere. */
async function anonymousIds(client: Client): Promise<readonly string[]> {
  const copy = client.clone()
  await copy.signIn('demo2')
  const id = await idOf(copy)
  await copy.post('/logout')
  return [id]
}
