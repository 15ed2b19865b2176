import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { type AdminClient, connectAdmin, connectApp, createAssertionReader } from '@holdfast/client'
import { newFolder } from '@holdfast/test-servers/process'
import { until } from '@holdfast/test-servers/wait'

const STATUS = JSON.stringify({ version: '1', startedAt: 1, workers: 1, store: 's', ready: true })
const LATE = 20_000

/** What a server on a bare socket does with its first, second … request. */
type Behaviour = (socket: Socket, request: number, head: string) => unknown

interface Bare {
  readonly socket: string
  readonly requests: () => number
  readonly open: () => number
}

async function bare(t: TestContext, behave: Behaviour): Promise<Bare> {
  const path = join(newFolder('b'), 'x.sock')
  const sockets = new Set<Socket>()
  let requests = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => behave(socket, ++requests, data.toString()))
  }).listen(path)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { socket: path, requests: () => requests, open: () => sockets.size }
}

async function bareAdmin(
  t: TestContext,
  behave: Behaviour,
  timeout = LATE,
): Promise<Bare & { readonly admin: AdminClient }> {
  const server = await bare(t, behave)
  const admin = connectAdmin({ socket: server.socket }, { timeout })
  t.after(() => admin.close())
  return { ...server, admin }
}

function answer(body: string, head = `Content-Length: ${body.length}`): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${head}\r\n\r\n${body}`
}

/** The beginning of a stream, with these lines. */
function stream(...lines: readonly string[]): string {
  const chunks = lines.map((line) => `${(line.length + 1).toString(16)}\r\n${line}\n\r\n`)
  return answer(chunks.join(''), 'Transfer-Encoding: chunked')
}

const CUT: readonly (readonly [string, string])[] = [
  ['in the head', 'HTTP/1.1 200 OK\r\nConte'],
  ['in the body', answer(STATUS.slice(0, 9), `Content-Length: ${STATUS.length}`)],
  [
    'in the body of the last answer of a connection',
    answer(STATUS.slice(0, 9), `Connection: close\r\nContent-Length: ${STATUS.length}`),
  ],
  [
    'in a chunk',
    answer(`9\r\n${STATUS.slice(0, 9)}\r\n`, 'Connection: close\r\nTransfer-Encoding: chunked'),
  ],
]
for (const [where, part] of CUT) {
  test(`an answer that is cut ${where} is asked for once more, but not where that does it twice`, async (t) => {
    const { admin, requests } = await bareAdmin(t, (socket, request) =>
      request === 1 || request > 2 ? socket.end(part) : socket.write(answer(STATUS)),
    )
    assert.equal((await admin.status()).version, '1')
    await assert.rejects(admin.rotateKeys(), { code: 'ERR_DAEMON_UNREACHABLE', retryable: true })
    assert.equal(requests(), 3)
    await assert.rejects(admin.status(), { code: 'ERR_DAEMON_UNREACHABLE' })
    assert.equal(requests(), 5)
  })
}

test('what speaks no HTTP, or too much of it, is no daemon; and no error shows what was answered', async (t) => {
  const cookie = 'Set-Cookie: __Host-session=SECRET\r\n'
  const answers: readonly (readonly [string, RegExp])[] = [
    ['-ERR unknown command\r\n', /speaks no HTTP\/1\.1: is that the socket of the daemon/],
    [`HTTP/1.1 200 OK\r\nX\0: y\r\n${cookie}\r\n`, /speaks no HTTP/],
    [`HTTP/1.1 200 OK\r\n${cookie}X: ${'a'.repeat(100_000)}\r\n\r\n`, /has a head longer than/],
    [answer(' '.repeat(9 * 1024 * 1024)), /is longer than any of this protocol/],
    [answer('[]'), /none of this protocol: is it a Holdfast of another version/],
    [answer('{"version":"SECRET"}'), /none of this protocol/],
  ]
  for (const [text, message] of answers) {
    const { admin, requests } = await bareAdmin(t, (socket) => socket.write(text))
    await assert.rejects(admin.status(), (error: unknown) => {
      assert.deepEqual(
        [Object(error).name, Object(error).code],
        ['DaemonError', 'ERR_DAEMON_ANSWER'],
      )
      assert.match(String(error), message)
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /SECRET/)
      return true
    })
    assert.equal(requests(), 1)
  }
})

test('a kept connection that the daemon has closed is not used, also for what is never asked twice', async (t) => {
  const { admin, open, requests } = await bareAdmin(t, (socket, request) =>
    request === 1 ? socket.end(answer(STATUS)) : socket.write(answer('{"managed":true,"keys":[]}')),
  )
  await admin.status()
  await until(() => open() === 0, 'the connection is closed')
  assert.equal((await admin.rotateKeys()).managed, true)
  assert.equal(requests(), 2)
})

test('a deadline is for the whole answer, also where it comes byte by byte', async (t) => {
  const { admin } = await bareAdmin(
    t,
    (socket) => {
      socket.write(answer('', 'Content-Length: 9999'))
      const drip = setInterval(() => socket.write(' '), 20)
      socket.once('close', () => clearInterval(drip))
    },
    300,
  )
  await assert.rejects(admin.status(), { code: 'ERR_DAEMON_TIMEOUT' })
})

test('a client that is closed says so, and what was under way fails', async (t) => {
  const { admin, open } = await bareAdmin(t, () => undefined)
  const asked = admin.status()
  await until(() => open() === 1, 'the request is under way')
  await Promise.all([admin.close(), admin.close()])
  const closed = { code: 'ERR_DAEMON_UNREACHABLE', retryable: false, message: /was closed$/ }
  await assert.rejects(asked, closed)
  await assert.rejects(admin.status(), closed)
  await until(() => open() === 0, 'no connection is left')
})

test('who stops reading events leaves no connection and no listener, and may go on to close', async (t) => {
  const { admin, open } = await bareAdmin(t, (socket) => socket.write(stream('{"type":"x"}')))
  const { signal } = new AbortController()
  for (let time = 0; time < 3; time++)
    for await (const { type } of admin.events({ signal })) {
      assert.equal(type, 'x')
      break
    }
  await until(() => open() === 0, 'every connection is closed')
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  const left = admin.events()
  await left.next()
  await admin.close()
  await assert.rejects(left.next(), { code: 'ERR_DAEMON_UNREACHABLE', message: /was closed/ })
})

test('events end with their signal, and break with an error of the client', async (t) => {
  const { admin } = await bareAdmin(t, (socket, request) => {
    socket.write(stream('{"type":"x"}'))
    if (request === 2) setTimeout(() => socket.destroy(), 20)
  })
  const stop = new AbortController()
  const followed = admin.events({ signal: stop.signal })
  await followed.next()
  stop.abort()
  await assert.rejects(followed.next(), { name: 'AbortError' })
  const broken = admin.events()
  await broken.next()
  await assert.rejects(broken.next(), { name: 'DaemonError', code: 'ERR_DAEMON_UNREACHABLE' })
})

test('events go on beyond what an answer may hold; a line without an end does not', async (t) => {
  const line = JSON.stringify({ type: 'x', of: 'p'.repeat(9_000) })
  const { admin } = await bareAdmin(t, (socket, request) => {
    if (request === 1) socket.write(stream(...Array<string>(1_000).fill(line)))
    else socket.write(stream('p'.repeat(2_000_000)))
  })
  let count = 0
  for await (const { type } of admin.events()) {
    assert.equal(type, 'x')
    if (++count === 1_000) break
  }
  assert.equal(count, 1_000)
  await assert.rejects(admin.events().next(), { code: 'ERR_DAEMON_ANSWER' })
})

test('streams keep no request waiting', async (t) => {
  const server = await bare(t, (socket, request) =>
    socket.write(request === 1 ? stream('{"type":"x"}') : answer(STATUS)),
  )
  const admin = connectAdmin({ socket: server.socket }, { timeout: LATE, connections: 1 })
  t.after(() => admin.close())
  const events = admin.events()
  await events.next()
  assert.equal((await admin.status()).version, '1')
})

test('an address that is none is refused before anything is sent anywhere', () => {
  const url = 'http://127.0.0.1:8101'
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{}, /^socket must be/],
    [{ socket: '' }, /^socket must be/],
    [{ socket: undefined }, /^socket must be/],
    [{ url, token: '' }, /^token must be/],
    [{ url }, /^token must be/],
    [{ url, token: 'SECRET\n' }, /^token must be .* without the newline/],
    [{ url: 'nonsense', token: 'x' }, /^url must be such as/],
    [{ url: 'http://user:SECRET@127.0.0.1:1', token: 'x' }, /^url must be such as/],
    [{ url: `${url}/path`, token: 'x' }, /^url must be such as/],
    [{ url: 'ftp://127.0.0.1', token: 'x' }, /^url must be such as/],
    [{ url: 'http://10.0.0.1:8101', token: 'x' }, /^url must be of loopback/],
    [{ url: 'http://127.0.0.1.evil.example', token: 'x' }, /^url must be of loopback/],
  ]
  for (const [address, message] of wrong)
    assert.throws(
      () => connectApp(address as { socket: string }),
      (error: unknown) => {
        assert.ok(error instanceof TypeError && message.test(error.message), String(error))
        return !error.message.includes('SECRET')
      },
    )
  for (const timeout of [0, -1, 1.5, Infinity, Number.NaN])
    assert.throws(() => connectApp({ socket: '/x' }, { timeout }), /timeout must be/)
  const app = connectApp({ url, token: 'SECRET' })
  assert.doesNotMatch(inspect(app, { depth: 9, showHidden: true }), /SECRET/)
})

test('values and headers that cannot be sent as they are fail at once, and nothing is sent', async (t) => {
  const { socket, requests } = await bare(t, () => undefined)
  const app = connectApp({ socket }, { timeout: LATE })
  t.after(() => app.close())
  const visitor = app.visitor({ scheme: 'https' })
  for (const value of [1n, Number.NaN, undefined, new Date(0), () => 1]) {
    const set = Object({ a: value })
    const invalid = { code: 'ERR_SESSION_DATA_INVALID' }
    await assert.rejects(visitor.patch({ set }), invalid)
    await assert.rejects(visitor.patch({ shared: { set } }), invalid)
    await assert.rejects(visitor.create({ set }), invalid)
  }
  for (const userAgent of ['→', 'a\r\nX-Forwarded-Proto: https']) {
    const visit = app.visitor({ scheme: 'http', userAgent })
    await assert.rejects(visit.load(), /TypeError: the request cannot be sent: .*user-agent/)
  }
  assert.equal(requests(), 0)
})

test('what a page asks for by itself is told to be no activity', async (t) => {
  const asked: string[] = []
  const loaded = JSON.stringify({ session: null, version: null, data: {}, shared: {} })
  const { socket } = await bare(t, (each, _, head) => {
    asked.push(head.split(' HTTP')[0] ?? '')
    each.write(answer(loaded))
  })
  const app = connectApp({ socket }, { timeout: LATE })
  t.after(() => app.close())
  const visitor = app.visitor({ scheme: 'https' })
  await visitor.load()
  await visitor.load({ activity: false })
  await visitor.patch({ unset: ['a'] }, { activity: false })
  const quiet = ['GET /v1/session?activity=false', 'PATCH /v1/session?activity=false']
  assert.deepEqual(asked, ['GET /v1/session', ...quiet])
})

test('keys of assertions are not kept for ever: one that was retired is good no longer', async () => {
  const { AssertionSigner } = await import('@holdfast/protocol')
  const key = (kid: string) =>
    ({ kty: 'oct', alg: 'HS256', kid, k: Buffer.alloc(32, kid).toString('base64url') }) as const
  const iat = Math.floor(Date.now() / 1000)
  const claims = { aud: 'shop', sub: 'alice', sid: 's', ns: 'shop', iat, exp: iat + 30 }
  const leaked = new AssertionSigner(key('old')).sign({ ...claims, auth_time: iat, amr: [] })
  let keys: readonly ReturnType<typeof key>[] | null = [key('old')]
  let asked = 0
  const client = {
    assertionKeys: async () => {
      asked += 1
      if (keys === null) throw new Error('no daemon')
      return await Promise.resolve([...keys])
    },
  }
  const kept = createAssertionReader(client, 'shop')
  const eager = createAssertionReader(client, 'shop', { keyAge: 0 })
  for (const read of [kept, eager]) assert.equal((await read(leaked))?.sub, 'alice')
  keys = [key('new')]
  assert.equal((await kept(leaked))?.sub, 'alice')
  assert.equal(asked, 2)
  assert.equal(await eager(leaked), null)
  // Who cannot know which keys are good says nothing.
  keys = null
  await assert.rejects(eager(leaked), /no daemon/)
})
