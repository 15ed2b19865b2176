import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { ask, type Asked, type AskOptions, readAnswer, target } from './support/ask.js'
import { exchange, Raw } from './support/raw.js'
import { Visitor } from './support/visitor.js'
import { startWorld } from './support/world.js'

const world = await startWorld()
const { shop, admin, monitor } = world
const JSON_TYPE = { 'content-type': 'application/json' } as const
const SESSION = '/v1/session'

/** Every refusal is a problem (RFC 9457) with the code that is expected. */
function assertProblem(answer: Asked, status: number, code: string): string {
  assert.equal(answer.status, status, answer.text)
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.equal(answer.headers['set-cookie'], undefined)
  const problem = answer.json as Record<string, unknown>
  assert.deepEqual(Object.keys(problem), ['type', 'title', 'status', 'code', 'detail'])
  assert.deepEqual([problem['status'], problem['code']], [status, code])
  return String(problem['detail'])
}

const patch = (body: string | Buffer, options: AskOptions = {}): Promise<Asked> =>
  ask(shop, 'PATCH', SESSION, { body, headers: JSON_TYPE, ...options })

test('a path that is none is 404, a method that is none 405 with those that are', async () => {
  for (const path of ['/', '/v1', '/v1/session/', '/v1/Session', '//v1/session', '/v1/%73ession'])
    assertProblem(await ask(shop, 'GET', path), 404, 'ERR_DAEMON_NOT_FOUND')
  assertProblem(await ask(shop, 'GET', '/v1/keys'), 404, 'ERR_DAEMON_NOT_FOUND')
  assertProblem(await ask(admin, 'GET', SESSION), 404, 'ERR_DAEMON_NOT_FOUND')
  assertProblem(await ask(monitor, 'GET', '/v1/sessions'), 404, 'ERR_DAEMON_NOT_FOUND')
  const wrong = await ask(shop, 'DELETE', SESSION)
  assertProblem(wrong, 405, 'ERR_DAEMON_METHOD')
  assert.equal(wrong.headers['allow'], 'GET, HEAD, POST, PATCH')
  assert.equal((await ask(shop, 'TRACE', `${SESSION}/touch`)).headers['allow'], 'POST')
})

test('a body that is no JSON in UTF-8 is refused', async () => {
  const bodies = ['{', 'null', '[]', '"x"', '{"set":{"a":NaN}}', "{'set':{}}", '\uFEFF{}', '{}{}']
  for (const body of bodies) assertProblem(await patch(body), 400, 'ERR_DAEMON_REQUEST')
  assertProblem(await patch(Buffer.from([0x7b, 0xff, 0x7d])), 400, 'ERR_DAEMON_REQUEST')
  const deep = `{"set":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`
  assert.match(assertProblem(await patch(deep), 400, 'ERR_DAEMON_REQUEST'), /deep/)
})

test('what a body says wrong is named by its field, and its value is not repeated', async () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [SESSION, '{"sett":{}}', /Unrecognized key: "sett"/],
    [SESSION, '{"set":[]}', /^set: /],
    [SESSION, '{"unset":"a"}', /^unset: /],
    [SESSION, '{"unset":[1]}', /^unset\.0: /],
    [SESSION, '{"shared":{"set":{},"ifVersion":1}}', /^shared: .*"ifVersion"/],
    [SESSION, '{"ifVersion":-1,"set":{"a":1}}', /^ifVersion: /],
    [SESSION, '{"ifVersion":1.5}', /^ifVersion: /],
    [SESSION, '{"set":{"__proto__":1}}', /__proto__/],
    [`${SESSION}/authenticate`, '{}', /^subject: /],
    [`${SESSION}/authenticate`, '{"subject":""}', /^subject: /],
    [`${SESSION}/authenticate`, '{"subject":"a\\u0000b"}', /^subject: /],
    [`${SESSION}/authenticate`, '{"subject":"\\ud800"}', /^subject: /],
    [`${SESSION}/authenticate`, '{"subject":"x","methods":["hunter2\\n"]}', /^methods\.0: /],
    [`${SESSION}/authenticate`, '{"subject":"x","remember":"hunter2"}', /^remember: /],
    [`${SESSION}/authenticate`, '{"subject":"x","admin":true}', /"admin"/],
    [`${SESSION}/revoke`, '{"reason":"hunter2\\nhunter2"}', /^reason: /],
    [`${SESSION}/csrf-token/verify`, '{"token":7}', /^token: /],
    ['/v1/sessions/revoke', '{"subject":"x","except":"hunter2"}', /^except: /],
  ]
  for (const [path, body, expected] of cases) {
    const method = path === SESSION ? 'PATCH' : 'POST'
    const answer = await ask(shop, method, path, { body, headers: JSON_TYPE })
    assert.match(assertProblem(answer, 400, 'ERR_DAEMON_REQUEST'), expected, body)
    assert.doesNotMatch(answer.text, /hunter2/)
  }
})

test('a parameter that is wrong, unknown or given twice is refused by its name', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['/v1/sessions', /^subject: /],
    ['/v1/sessions?subject=x&limit=0', /^limit: /],
    ['/v1/sessions?subject=x&limit=1001', /^limit: /],
    ['/v1/sessions?subject=x&limit=ten', /^limit: /],
    ['/v1/sessions?subject=x&after=%00', /^after: /],
    ['/v1/sessions?subject=x&ended=yes', /^ended: /],
    ['/v1/sessions?subject=x&subject=y', /^subject is given twice/],
    ['/v1/sessions?subject=x&order=asc', /"order"/],
    [`${SESSION}?activity=no`, /^activity: /],
    ['/v1/assertion-keys?app=blog', /no parameter app/],
  ]
  for (const [path, expected] of cases)
    assert.match(assertProblem(await ask(shop, 'GET', path), 400, 'ERR_DAEMON_REQUEST'), expected)
})

test('a body of another media type or encoding is refused', async () => {
  const types = ['', 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']
  const encoded = { ...JSON_TYPE, 'content-encoding': 'gzip' }
  const latin = { 'content-type': 'application/json; charset=latin1' }
  for (const headers of [...types.map((type) => ({ 'content-type': type })), encoded, latin])
    assertProblem(await patch('{}', { headers }), 415, 'ERR_DAEMON_MEDIA_TYPE')
  const good = { 'content-type': 'Application/JSON; charset="UTF-8"' }
  assertProblem(await patch('{"set":{"a":1}}', { headers: good }), 404, 'ERR_SESSION_ENDED')
})

test('a body where none belongs is refused', async () => {
  for (const [method, path] of [
    ['GET', SESSION],
    ['POST', `${SESSION}/touch`],
  ] as const)
    assertProblem(await ask(shop, method, path, { json: {} }), 400, 'ERR_DAEMON_REQUEST')
})

test('a body over the limit is refused, announced or not, and the client hears it', async () => {
  const { body: limit } = world.parts.settings.limits
  assertProblem(await patch('x'.repeat(limit + 1)), 413, 'ERR_DAEMON_TOO_LARGE')
  // In chunks, with no length to look at.
  const chunked = request({ ...target(shop), method: 'PATCH', path: SESSION, headers: JSON_TYPE })
  const answer = readAnswer(chunked)
  for (let sent = 0; sent <= limit; sent += 16_384) chunked.write('x'.repeat(16_384))
  chunked.end()
  assertProblem(await answer, 413, 'ERR_DAEMON_TOO_LARGE')
  // A client that asks first is told before it sends anything.
  const asking = request({
    ...target(shop),
    method: 'PATCH',
    path: SESSION,
    headers: { ...JSON_TYPE, 'content-length': limit + 1, expect: '100-continue' },
  })
  asking.on('continue', () => assert.fail('it was told to go on'))
  const refused = readAnswer(asking)
  asking.flushHeaders()
  assertProblem(await refused, 413, 'ERR_DAEMON_TOO_LARGE')
  asking.destroy()
})

test('a client that asks first whether its body is wanted is told to go on', async () => {
  const visitor = new Visitor()
  const body = '{"set":{"a":1}}'
  const headers = { ...JSON_TYPE, expect: '100-continue', 'x-forwarded-proto': 'https' }
  const asking = request({
    ...target(shop),
    method: 'POST',
    path: SESSION,
    headers: { ...headers, 'content-length': body.length },
  })
  const answer = readAnswer(asking)
  asking.on('continue', () => asking.end(body))
  asking.flushHeaders()
  assert.equal((await answer).status, 200)
  assert.equal(visitor.cookie, null)
})

test('a value that would not come back as it went is refused by its name, and nothing begins', async () => {
  const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
  for (const value of ['1e999', '-0', '"\\ud800"', deep(70), '{"\\udfff":1}']) {
    const body = `{"set":{"name":${value}}}`
    const headers = { ...JSON_TYPE, 'x-forwarded-proto': 'https' }
    const answer = await ask(shop, 'POST', SESSION, { body, headers })
    assert.match(assertProblem(answer, 400, 'ERR_SESSION_DATA_INVALID'), /'name/)
  }
})

test('data beyond what a session may hold is refused, and what was there stays', async () => {
  const visitor = new Visitor()
  await visitor.session(shop, 'POST', SESSION, { set: { kept: 1 } })
  const answer = await visitor.ask(shop, 'PATCH', SESSION, { set: { big: 'x'.repeat(70_000) } })
  assertProblem(answer, 413, 'ERR_SESSION_DATA_TOO_LARGE')
  assert.deepEqual((await visitor.session(shop, 'GET', SESSION)).data, { kept: 1 })
})

test('bytes that are no HTTP are answered with a problem, and the connection ends', async () => {
  const junk: readonly (readonly [string, number])[] = [
    ['\x16\x03\x01\x02\x00', 400],
    ['GET\r\n\r\n', 400],
    ['GET / HTTP/9.9\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
  ]
  for (const [text, status] of junk) {
    const received = await exchange(shop, text)
    assert.match(received, new RegExp(`^HTTP/1\\.1 ${status} `), text.slice(0, 40))
    assert.match(received, /application\/problem\+json/)
    const [, body = ''] = received.split('\r\n\r\n')
    assert.equal((JSON.parse(body) as { status: number }).status, status)
  }
})

test('an unfinished body is no request: nothing of it is done', async () => {
  const visitor = new Visitor()
  const { session } = await visitor.session(shop, 'POST', SESSION, { set: { a: 1 } })
  const head = [
    `PATCH ${SESSION} HTTP/1.1`,
    'Host: a',
    `Cookie: ${visitor.cookie ?? ''}`,
    'X-Forwarded-Proto: https',
    'Content-Type: application/json',
    'Content-Length: 100',
  ]
  const raw = new Raw(shop).send(`${head.join('\r\n')}\r\n\r\n{"set":{"a":2}}`)
  raw.socket.end()
  await raw.closed
  const after = await visitor.session(shop, 'GET', SESSION)
  assert.deepEqual([after.session?.id, after.data], [session?.id, { a: 1 }])
})

test('what an administrator asks wrongly is refused by its name', async () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['/v1/revoke', '{}', ''],
    ['/v1/revoke', '{"session":"x"}', ''],
    ['/v1/revoke', '{"everyone":false}', ''],
    ['/v1/revoke', '{"everyone":true,"subject":"anna"}', ''],
    ['/v1/keys/retire', '{"id":""}', 'id'],
    ['/v1/keys/retire', '{"id":"k1","force":true}', '"force"'],
  ]
  for (const [path, body, name] of cases) {
    const answer = await ask(admin, 'POST', path, { body, headers: JSON_TYPE })
    assert.ok(assertProblem(answer, 400, 'ERR_DAEMON_REQUEST').includes(name), answer.text)
  }
  const unknown = await ask(admin, 'GET', '/v1/events?type=session_revoked,sesion_created')
  assert.match(assertProblem(unknown, 400, 'ERR_DAEMON_REQUEST'), /sesion_created is no event/)
  for (const id of ['x', '0'.repeat(22), '%00', '..'])
    assertProblem(await ask(admin, 'GET', `/v1/sessions/${id}`), 404, 'ERR_DAEMON_NOT_FOUND')
})

test('nothing of all this was unforeseen', () => {
  assert.deepEqual(world.logged, [])
})
