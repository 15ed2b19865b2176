import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { connectApp } from '@holdfast/client'
import { type DaemonSession, daemonSession } from '@holdfast/client/middleware'
import { startDaemon, type TestDaemon } from './support/daemon.js'

type Handler = (session: DaemonSession, query: URLSearchParams) => unknown

const HANDLERS: Readonly<Record<string, Handler>> = {
  '/who': (session) => session.subject,
  '/in': (session, query) => session.authenticate(query.get('as') ?? 'alice'),
  '/out': (session) => session.revoke(),
  '/get': (session, query) => session.get(query.get('key') ?? ''),
  '/set': (session, query) => session.set(query.get('key') ?? '', query.get('value') ?? ''),
  '/null': (session) => session.set('nothing', null),
  '/unset': (session, query) => session.unset(query.get('key') ?? ''),
  '/add': (session) => session.update('n', (n) => (typeof n === 'number' ? n + 1 : 1)),
  '/both': async (session, query) => {
    session.set('first', true)
    const counted = session.update('n', (n) => (typeof n === 'number' ? n + 1 : 1))
    // While what was set first is on its way.
    await new Promise((resolve) => setImmediate(resolve))
    session.set(query.get('key') ?? '', 'kept')
    return counted
  },
  '/switch': async (session, query) => {
    session.set('secret', 'of the account before')
    await session.authenticate(query.get('as') ?? 'alice')
  },
  '/frozen': (session) =>
    Object.isFrozen(session.get('list')) && Object.isFrozen(Object(session.get('list'))[0]),
  '/list': (session) => session.set('list', [{ a: 1 }]),
  '/keys': (session) => session.keys(),
  '/nothing': () => 'nothing',
  '/function': (session) =>
    session.set(
      'f',
      Object(() => 1),
    ),
}

interface World {
  readonly daemon: TestDaemon
  readonly ask: (
    path: string,
    cookie?: string,
  ) => Promise<{
    readonly status: number
    readonly body: unknown
    readonly cookies: readonly string[]
    readonly headers: Headers
  }>
}

async function handle(
  handler: Handler | undefined,
  session: DaemonSession,
  query: URLSearchParams,
): Promise<string> {
  return JSON.stringify((await handler?.(session, query)) ?? null)
}

async function startWorld(t: TestContext): Promise<World> {
  const ends: (() => unknown)[] = []
  // Before the daemon, which would wait for connections that are kept.
  t.after(async () => {
    for (const end of ends) await end()
  })
  const daemon = await startDaemon(t)
  const client = connectApp({ socket: daemon.shop }, { timeout: 30_000 })
  ends.push(() => client.close())
  const middleware = daemonSession(client)
  const server = createServer((req, res) => {
    const fail = (error: unknown): void => {
      const { status = 500, code = 'ERR' } = Object(error)
      res.writeHead(status).end(JSON.stringify(code))
    }
    middleware(req, res, (error) => {
      if (error !== undefined) {
        fail(error)
        return
      }
      const { pathname, searchParams } = new URL(req.url ?? '/', 'http://x')
      const { session } = Object(req)
      // oxlint-disable-next-line promise/no-promise-in-callback -- a handler may take its time
      void handle(HANDLERS[pathname], session, searchParams).then((text) => res.end(text), fail)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    daemon,
    ask: async (path, cookie) => {
      const headers = { 'X-Forwarded-Proto': 'https', ...(cookie === undefined ? {} : { cookie }) }
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
      const cookies = response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
      const body: unknown = await response.json()
      return { status: response.status, body, cookies, headers: response.headers }
    },
  }
}

test('who asks for nothing costs nothing; who signs in is known from then on', async (t) => {
  const { ask } = await startWorld(t)
  const nothing = await ask('/nothing')
  assert.deepEqual([nothing.cookies, nothing.headers.get('cache-control')], [[], null])
  assert.deepEqual((await ask('/unset?key=a')).cookies, [], 'nothing to remove, nothing begun')
  const { cookies } = await ask('/in?as=alice')
  assert.equal(cookies.length, 1)
  const [cookie = ''] = cookies
  const who = await ask('/who', cookie)
  assert.deepEqual([who.body, who.cookies], ['alice', []])
  assert.equal(who.headers.get('cache-control'), 'no-store')
  assert.equal(who.headers.get('vary'), 'Cookie')
  assert.equal((await ask('/out', cookie)).status, 200)
  assert.equal((await ask('/who', cookie)).body, null)
})

test('a hundred requests at once that set a hundred keys: a hundred are kept (P3)', async (t) => {
  const { ask } = await startWorld(t)
  const { cookies } = await ask('/in')
  const [cookie = ''] = cookies
  const keys = Array.from({ length: 100 }, (_, at) => `k${at}`)
  // On a busy machine the store may be late, and the request is refused; then it is made again.
  const set = async (key: string): Promise<void> => {
    let status = 503
    while (status === 503) ({ status } = await ask(`/set?key=${key}&value=${key}`, cookie))
    assert.equal(status, 200)
  }
  await Promise.all(keys.map(set))
  const { body } = await ask('/keys', cookie)
  assert.deepEqual(new Set(Array.isArray(body) ? body : []), new Set(keys))
})

test('increments at once are all counted, and each is told a number of its own', async (t) => {
  const { ask } = await startWorld(t)
  const [cookie = ''] = (await ask('/in')).cookies
  const told = await Promise.all(Array.from({ length: 12 }, () => ask('/add', cookie)))
  const numbers = told.map(({ body }) => Number(body)).toSorted((one, other) => one - other)
  assert.deepEqual(
    numbers,
    Array.from({ length: 12 }, (_, at) => at + 1),
  )
})

test('what is set beside an increment is kept, however often that has to be made again', async (t) => {
  const { ask } = await startWorld(t)
  const [cookie = ''] = (await ask('/in')).cookies
  const keys = Array.from({ length: 12 }, (_, at) => `k${at}`)
  const told = await Promise.all(keys.map((key) => ask(`/both?key=${key}`, cookie)))
  assert.deepEqual(new Set(told.map(({ body }) => body)), new Set(keys.map((_, at) => at + 1)))
  const { body } = await ask('/keys', cookie)
  assert.deepEqual(new Set(Array.isArray(body) ? body : []), new Set([...keys, 'first', 'n']))
})

test('who signs in as somebody else takes nothing along, not even what was just written', async (t) => {
  const { ask } = await startWorld(t)
  const [alice = ''] = (await ask('/in?as=alice')).cookies
  const [bob = ''] = (await ask('/switch?as=bob', alice)).cookies
  assert.deepEqual([(await ask('/who', bob)).body, (await ask('/keys', bob)).body], ['bob', []])
  const [again = ''] = (await ask('/switch?as=bob', bob)).cookies
  assert.deepEqual((await ask('/keys', again)).body, ['secret'])
})

test('values come back as they were set, null too, and go when they are taken away', async (t) => {
  const { ask } = await startWorld(t)
  const [cookie = ''] = (await ask('/set?key=a&value=b')).cookies
  assert.equal((await ask('/get?key=a', cookie)).body, 'b')
  await ask('/null', cookie)
  assert.deepEqual((await ask('/keys', cookie)).body, ['a', 'nothing'])
  await ask('/unset?key=a', cookie)
  assert.deepEqual((await ask('/keys', cookie)).body, ['nothing'])
  await ask('/list', cookie)
  assert.equal((await ask('/frozen', cookie)).body, true)
  const refused = await ask('/function', cookie)
  assert.deepEqual([refused.status, refused.body], [500, 'ERR_SESSION_DATA_INVALID'])
})

test('a write to a session that has ended is refused, and brings nothing back (P2)', async (t) => {
  const { ask } = await startWorld(t)
  const [cookie = ''] = (await ask('/in')).cookies
  const writes = Array.from({ length: 20 }, (_, at) =>
    ask(at % 2 === 0 ? `/set?key=k&value=${at}` : '/add', cookie),
  )
  await ask('/out', cookie)
  for (const { status, cookies } of await Promise.all(writes)) {
    assert.ok(status === 200 || status === 401, String(status))
    // Who came when it was over has begun a session of its own, which nobody is signed in to.
    for (const each of cookies) assert.equal((await ask('/who', each)).body, null)
  }
  assert.equal((await ask('/who', cookie)).body, null)
})

test('without a daemon a request with a cookie is refused, never anonymous; one without is served (P6)', async (t) => {
  const { ask, daemon } = await startWorld(t)
  const [cookie = ''] = (await ask('/in')).cookies
  await daemon.stop('SIGKILL')
  const refused = await ask('/who', cookie)
  assert.deepEqual([refused.status, refused.cookies], [503, []])
  assert.equal(refused.headers.get('cache-control'), 'no-store')
  assert.match(String(refused.body), /^ERR_SESSION_STORE_/)
  assert.equal((await ask('/nothing')).status, 200)
  assert.equal((await ask('/in')).status, 503)
})
