import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { minutes } from '@holdfast/core'
import type { Answer, Client, Send } from './lib/client.js'
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
    const before = client.clone()
    await client.signIn()
    assert.deepEqual((await client.get('/cart')).json, { items: { bread: 1 }, changes: 1 })
    assert.deepEqual((await before.get('/cart')).json, { items: {}, changes: 0 })
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
    const clients = await signInMany(4)
    const [first, ...others] = clients
    const answer = await first?.post('/logout-others')
    assert.ok((answer?.json as { ended: number }).ended >= others.length)
    assert.equal((await first?.get('/me'))?.status, 200)
    for (const other of others) assert.equal((await other.get('/me')).status, 401)
  })

  test('everywhere means here, too, and no other account', async () => {
    const foreign = site.client()
    await foreign.signIn('demo2')
    const clients = await signInMany(3)
    const copies = clients.map((client) => client.clone())
    const answer = await clients[0]?.post('/logout-everywhere')
    assert.ok((answer?.json as { ended: number }).ended >= 3)
    assert.match(answer?.cookies.join() ?? '', /Max-Age=0/)
    for (const copy of copies) assert.equal((await copy.get('/me')).status, 401)
    assert.equal((await foreign.get('/me')).status, 200)
  })
})

describe('data', () => {
  test('a hundred requests at once write a hundred keys', async () => {
    const client = site.client()
    await client.signIn()
    const keys = Array.from({ length: 100 }, (_, index) => `key${index}`)
    const answers = await Promise.all(
      keys.map((key, index) => client.send('PUT', `/data/${key}`, { json: { value: index } })),
    )
    assert.deepEqual(
      answers.filter(({ status }) => status !== 200),
      [],
    )
    const data = (await client.get('/data')).json as Record<string, number>
    assert.deepEqual(data, Object.fromEntries(keys.map((key, index) => [key, index])))
  })

  test('visitors without an account keep data, too, and take it along when they sign in', async () => {
    const client = site.client()
    assert.deepEqual((await client.get('/data')).json, {})
    assert.equal(client.hasCookie, false)
    await client.send('PUT', '/data/note', {
      json: { value: { text: '<b>ä\u0000', list: [1, null] } },
    })
    await client.signIn()
    assert.deepEqual((await client.get('/data')).json, {
      note: { text: '<b>ä\u0000', list: [1, null] },
    })
  })

  test('names that mean something to JavaScript are names like others', async () => {
    const client = site.client()
    for (const key of ['constructor', 'toString', 'hasOwnProperty', 'then', 'ä ö/ü?&'])
      await client.send('PUT', `/data/${encodeURIComponent(key)}`, { json: { value: key } })
    const data = (await client.get('/data')).json as Record<string, string>
    assert.deepEqual(Object.keys(data).toSorted(), [
      'constructor',
      'hasOwnProperty',
      'then',
      'toString',
      'ä ö/ü?&',
    ])
  })

  const json = '{"value":1}'
  const bad: readonly [name: string, path: string, send: Send, status: number, code?: string][] = [
    ['no body', '/data/a', {}, 400],
    ['an empty body', '/data/a', { json: {} }, 400],
    ['an array', '/data/a', { json: [1] }, 400],
    ['a bare number', '/data/a', { json: 1 }, 400],
    ['broken JSON', '/data/a', jsonText('{"value":'), 400],
    [
      'the key __proto__',
      '/data/__proto__',
      { json: { value: 1 } },
      400,
      'ERR_SESSION_DATA_INVALID',
    ],
    ['a key of 129 characters', `/data/${'k'.repeat(129)}`, { json: { value: 1 } }, 400],
    ['a reserved key', '/data/%23version', { json: { value: 1 } }, 400],
    ['a key that is no UTF-8', '/data/%E0%A4%A', { json: { value: 1 } }, 400],
    ['__proto__ inside', '/data/a', jsonText('{"value":{"__proto__":{"a":1}}}'), 400],
    ['a lone surrogate', '/data/a', jsonText('{"value":"\\ud800"}'), 400],
    ['minus zero', '/data/a', jsonText('{"value":-0}'), 400],
    ['infinity', '/data/a', jsonText('{"value":1e999}'), 400],
    ['a value nested 100 deep', '/data/a', { json: { value: nested(100) } }, 400],
    ['a value nested 40,000 deep', '/data/a', jsonText(`{"value":${nestedText(40_000)}}`), 400],
    ['70,000 bytes', '/data/a', { json: { value: 'x'.repeat(70_000) } }, 413],
    ['a megabyte', '/data/a', { json: { value: 'x'.repeat(1_000_000) } }, 413],
    ['plain text', '/data/a', { body: json, headers: { 'content-type': 'text/plain' } }, 403],
    ['XML', '/data/a', { body: '<a/>', headers: { 'content-type': 'application/xml' } }, 415],
    ['another charset', '/data/a', jsonText(json, 'application/json; charset=latin1'), 415],
    ['another encoding', '/data/a', { ...jsonText(json), headers: encoded('zstd') }, 415],
    ['a broken encoding', '/data/a', { ...jsonText(json), headers: encoded('gzip') }, 400],
  ]
  for (const [name, path, send, status, code] of bad) {
    test(`${name} is refused with ${status} and changes nothing`, async () => {
      const client = site.client()
      await client.send('PUT', '/data/before', { json: { value: 1 } })
      isProblem(await client.send('PUT', path, send), status, code)
      assert.deepEqual((await client.get('/data')).json, { before: 1 })
    })
  }

  test('a session holds no more than its limit, key by key', async () => {
    const client = site.client()
    const value = 'x'.repeat(20_000)
    const statuses: number[] = []
    for (const key of ['a', 'b', 'c', 'd'])
      statuses.push((await client.send('PUT', `/data/${key}`, { json: { value } })).status)
    assert.deepEqual(statuses, [200, 200, 200, 413])
    assert.deepEqual(Object.keys((await client.get('/data')).json as object), ['a', 'b', 'c'])
  })
})

describe('wrong input', () => {
  const name = { username: 'demo1' }
  const bodies: readonly [what: string, send: Send, status: number][] = [
    ['no body', {}, 400],
    ['an empty object', { json: {} }, 400],
    ['an array', { json: ['demo1', 'holdfast-demo'] }, 400],
    ['null', { json: null }, 400],
    ['a number as name', { json: { username: 1, password: 'holdfast-demo' } }, 400],
    ['an array as name', { json: { username: ['demo1'], password: 'holdfast-demo' } }, 400],
    ['an object as password', { json: { ...name, password: { $ne: '' } } }, 400],
    ['an empty password', { json: { ...name, password: '' } }, 400],
    ['a password of 2,000 characters', { json: { ...name, password: 'x'.repeat(2000) } }, 400],
    ['remember as a number', { json: { ...name, password: 'holdfast-demo', remember: 1 } }, 400],
    ['a name from the prototype', { json: { username: '__proto__', password: 'x' } }, 401],
    ['the name in capitals', { json: { username: 'DEMO1', password: 'holdfast-demo' } }, 401],
    ['a name with a blank', { json: { username: 'demo1 ', password: 'holdfast-demo' } }, 401],
    [
      'fields in __proto__',
      jsonText('{"__proto__":{"username":"demo1","password":"holdfast-demo"}}'),
      400,
    ],
    ['text', { body: 'demo1', headers: { 'content-type': 'text/plain' } }, 415],
    ['a file', { body: 'x', headers: { 'content-type': 'multipart/form-data; boundary=x' } }, 415],
    ['two names in a form', form('username=demo1&username=demo2&password=holdfast-demo'), 400],
    ['names in brackets', form('username[]=demo1&password=holdfast-demo'), 400],
    ['too large a body', { json: { ...name, password: 'x'.repeat(200_000) } }, 413],
  ]
  for (const [what, send, status] of bodies) {
    test(`a sign-in with ${what} is refused with ${status}`, async () => {
      const client = site.client()
      isProblem(await client.send('POST', '/login', send), status)
      assert.equal(client.hasCookie, false)
    })
  }

  for (const [method, path, allow] of [
    ['GET', '/logout', 'POST'],
    ['GET', '/logout-others', 'POST'],
    ['GET', '/logout-everywhere', 'POST'],
    ['GET', '/cart/add', 'POST'],
    ['GET', '/cart/remove', 'POST'],
    ['GET', '/sessions/abc/revoke', 'POST'],
    ['GET', '/data/a', 'PUT'],
    ['POST', '/data/a', 'PUT'],
    ['DELETE', '/login', 'GET, POST'],
    ['PUT', '/sessions', 'GET'],
    ['POST', '/', 'GET'],
  ] as const) {
    test(`${method} ${path} is 405, and says what is allowed`, async () => {
      const client = site.client()
      await client.signIn()
      const answer = await client.send(method, path)
      isProblem(answer, 405, 'method_not_allowed')
      assert.equal(answer.header('allow'), allow)
      assert.equal((await client.get('/me')).status, 200)
    })
  }

  test('unknown addresses are 404', async () => {
    const client = site.client()
    isProblem(await client.get('/nowhere'), 404, 'not_found')
    isProblem(await client.get('/data/a/b'), 404, 'not_found')
    isProblem(await client.get('/..%2f..%2fpackage.json'), 404, 'not_found')
  })

  test('signed out, what needs an account is 401', async () => {
    const client = site.client()
    isProblem(await client.get('/me'), 401, 'not_signed_in')
    isProblem(await client.get('/sessions'), 401, 'not_signed_in')
    isProblem(await client.get('/vault'), 401, 'not_signed_in')
    isProblem(await client.post('/logout-others'), 401, 'not_signed_in')
    isProblem(await client.post('/logout-everywhere'), 401, 'not_signed_in')
    isProblem(await client.post('/reauthenticate', { password: 'x' }), 401)
    assert.equal(client.hasCookie, false)
  })

  test('an item that the shop does not have is refused', async () => {
    const client = site.client()
    for (const item of ['pears', '__proto__', 'constructor', 1, null, ['bread']])
      isProblem(await client.post('/cart/add', { item }), 400)
    assert.equal(client.hasCookie, false)
  })
})

describe('other sites', () => {
  const foreign: readonly [name: string, headers: Record<string, string | undefined>][] = [
    ['no word of where it comes from', { origin: undefined }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['a foreign port', { origin: 'https://localhost:1' }],
    ['plain HTTP', { origin: 'http://localhost' }],
    ['Origin null', { origin: 'null' }],
    ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
    ['a foreign Referer', { origin: undefined, referer: 'https://evil.example/' }],
  ]
  for (const [name, headers] of foreign) {
    test(`a change with ${name} is refused`, async () => {
      const client = site.client()
      await client.signIn()
      for (const path of ['/logout', '/logout-everywhere', '/cart/add', '/login'])
        isProblem(await client.send('POST', path, { json: {}, headers }), 403, 'ERR_SESSION_CSRF')
      isProblem(await client.send('PUT', '/data/a', { json: { value: 1 }, headers }), 403)
      assert.equal((await client.get('/me', { headers })).status, 200)
    })
  }

  test('the Referer of this site is enough', async () => {
    const client = site.client()
    const headers = { origin: undefined, referer: `${site.origin}/cart` }
    const answer = await client.send('POST', '/cart/add', { json: { item: 'bread' }, headers })
    assert.equal(answer.status, 200)
  })

  test('a form needs the token of its own session', async () => {
    const [client, other] = [site.client(), site.client()]
    await client.signIn()
    await other.signIn()
    const foreignToken = await tokenOf(other)
    assert.equal((await client.postForm('/cart/add', { item: 'bread' })).status, 403)
    for (const _csrf of ['', 'x', foreignToken])
      assert.equal((await client.postForm('/cart/add', { item: 'bread', _csrf })).status, 403)
    const stale = await tokenOf(client)
    const answer = await client.postForm('/cart/add', { item: 'bread', _csrf: stale })
    assert.equal(answer.status, 303)
    assert.equal(answer.header('location'), '/cart')
    await client.post('/reauthenticate', { password: 'holdfast-demo' })
    assert.equal((await client.postForm('/cart/add', { item: 'bread', _csrf: stale })).status, 403)
  })

  test('after signing in, people go on where they were, and nowhere else', async () => {
    for (const [returnTo, location] of [
      ['/sessions', '/sessions'],
      ['https://evil.example/', '/'],
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['javascript:alert(1)', '/'],
    ] as const) {
      const fields = { username: 'demo1', password: 'holdfast-demo', returnTo }
      const answer = await site.client().postForm('/login', fields)
      assert.equal(answer.status, 303)
      assert.equal(answer.header('location'), location)
    }
  })

  test('what visitors send is shown as text', async () => {
    const username = '"><script>alert(1)</script>'
    const { status, text } = await site.client().postForm('/login', { username, password: 'x' })
    assert.equal(status, 401)
    assert.ok(!text.includes('<script>alert'))
    assert.ok(text.includes('&quot;&gt;&lt;script&gt;alert(1)'))
  })

  test('pages allow own content only', async () => {
    for (const path of ['/', '/login', '/cart', '/nowhere', '/site.css']) {
      const answer = await site.client().get(path, { headers: { accept: 'text/html' } })
      assert.match(answer.header('content-security-policy') ?? '', /^default-src 'self';/)
      assert.equal(answer.header('x-content-type-options'), 'nosniff')
      assert.equal(answer.header('x-powered-by'), undefined)
      assert.doesNotMatch(answer.text, /<style|style=|<script>|\son\w+=/)
    }
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

function isProblem(answer: Answer, status: number, code?: string): void {
  assert.equal(answer.status, status, answer.text.slice(0, 300))
  assert.match(answer.type, /^application\/problem\+json/)
  const problem = answer.json as Record<string, unknown>
  assert.equal(problem['status'], status)
  assert.equal(problem['type'], 'about:blank')
  assert.equal(typeof problem['title'], 'string')
  if (code !== undefined) assert.equal(problem['code'], code)
}

async function idOf(client: Client): Promise<string> {
  return ((await client.get('/me')).json as { sessionId: string }).sessionId
}

async function signInMany(count: number): Promise<readonly Client[]> {
  const clients = Array.from({ length: count }, () => site.client())
  for (const client of clients) await client.signIn()
  return clients
}

/** The id of an anonymous session, which the site itself shows nowhere. */
async function anonymousIds(client: Client): Promise<readonly string[]> {
  const copy = client.clone()
  await copy.signIn('demo2')
  const id = await idOf(copy)
  await copy.post('/logout')
  return [id]
}

/** The CSRF token in the forms that this visitor sees. */
async function tokenOf(client: Client): Promise<string> {
  const { text } = await client.get('/cart', { headers: { accept: 'text/html' } })
  return /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
}

function jsonText(body: string, type = 'application/json'): Send {
  return { body, headers: { 'content-type': type } }
}

function encoded(encoding: string): Readonly<Record<string, string>> {
  return { 'content-type': 'application/json', 'content-encoding': encoding }
}

function form(body: string): Send {
  return { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
}

function nested(depth: number): unknown {
  return JSON.parse(nestedText(depth))
}

function nestedText(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}
