import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isProblem } from './lib/answers.js'
import type { Send } from './lib/client.js'
import { type Site, startSite } from './lib/site.js'

let site: Site

before(async () => {
  site = await startSite()
})
after(() => site.stop())

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
