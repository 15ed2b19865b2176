import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { listen } from '@holdfast/conformance/adapter'
import { createSessions, type Session } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import { withSession } from '../src/index.js'

const KEY = 'middlewares-test-key-0123456789abcdefghijkl'
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15))

type Work = (res: ServerResponse, session: Session) => unknown

/** What a visitor without a session gets from `work`, whose writes take a moment or fail. */
async function answered(
  work: Work,
  insert: (store: SessionStore) => SessionStore['insert'] = slowly,
): Promise<Response> {
  const store = memoryStore()
  store.insert = insert(store)
  const sessions = createSessions({ store, keys: [KEY] })
  const handler = withSession(sessions, (_req, res, session) => work(res, session), {
    development: true,
  })
  const { port, close } = await listen(handler)
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`)
    return new Response(await response.text(), response)
  } finally {
    await close()
    await sessions.close()
  }
}

function slowly(store: SessionStore): SessionStore['insert'] {
  const insert = store.insert.bind(store)
  return async (...args) => {
    await turn()
    return insert(...args)
  }
}

/** As `on-headers` does: adds a header when the response begins. */
function onHeaders(res: ServerResponse): void {
  const writeHead = res.writeHead.bind(res)
  let fired = false
  res.writeHead = (...args: readonly unknown[]) => {
    if (!fired) res.setHeader('X-Begun', 'yes')
    fired = true
    return Reflect.apply(writeHead, res, args)
  }
}

/** As `compression` does: begins the head before each chunk while node has none, and encodes what is written. */
function shout(res: ServerResponse): void {
  const write = res.write.bind(res)
  const end = res.end.bind(res)
  const encoded = (chunk: unknown): string => String(chunk).toUpperCase()
  const begin = (): void => {
    if (res.writableEnded || Reflect.get(res, '_header') !== null) return
    res.setHeader('Content-Encoding', 'identity')
    res.writeHead(res.statusCode)
  }
  res.write = (chunk: unknown) => {
    begin()
    return write(encoded(chunk))
  }
  res.end = (chunk?: unknown) => {
    begin()
    return end(encoded(chunk ?? ''))
  }
}

const orders: readonly (readonly [order: string, wrapFirst: boolean])[] = [
  ['before', true],
  ['after', false],
]
for (const [order, wrapFirst] of orders) {
  test(`a listener of the headers put there ${order} the change is asked`, async () => {
    const response = await answered((res, session) => {
      if (wrapFirst) onHeaders(res)
      session.set('a', 1)
      if (!wrapFirst) onHeaders(res)
      res.end('body')
    })
    assert.equal(response.headers.get('x-begun'), 'yes')
    assert.equal(response.headers.getSetCookie().length, 1)
    assert.equal(await response.text(), 'body')
  })

  test(`every chunk passes an encoder put there ${order} the change, once`, async () => {
    const response = await answered(async (res, session) => {
      if (wrapFirst) shout(res)
      session.set('a', 1)
      if (!wrapFirst) shout(res)
      res.write('one;')
      res.write('two;')
      await turn()
      await turn()
      res.write('three;')
      res.end('four')
    })
    assert.equal(response.status, 200)
    assert.equal(await response.text(), 'ONE;TWO;THREE;FOUR')
    assert.equal(response.headers.getSetCookie().length, 1)
  })
}

test('the answer to a failed commit passes no encoder that was put there after the change', async () => {
  const failing = (): SessionStore['insert'] => () => Promise.reject(new Error('the disk is gone'))
  const response = await answered((res, session) => {
    session.set('a', 1)
    shout(res)
    res.end('body')
  }, failing)
  assert.equal(response.status, 503)
  assert.deepEqual(response.headers.getSetCookie(), [])
  assert.equal(response.headers.get('content-encoding'), null)
  assert.match(await response.text(), /"type":"about:blank"/)
})

test('beginning twice is the error that node makes of it', async () => {
  const response = await answered((res, session) => {
    assert.equal(session.subject, null)
    res.writeHead(200, { 'X-Own': 'yes' })
    assert.throws(() => res.writeHead(204), { code: 'ERR_HTTP_HEADERS_SENT' })
    res.end('body')
  })
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('vary'), 'Cookie')
  assert.equal(response.headers.get('x-own'), 'yes')
})

test('two sessions of one response both get their cookie', async () => {
  const [one, two] = ['one', 'two'].map((name) => ({
    sessions: createSessions({ store: memoryStore(), keys: [KEY] }),
    options: { development: true, cookie: { name: `__Host-${name}` } },
  }))
  assert.ok(one !== undefined && two !== undefined)
  const handler = withSession(
    one.sessions,
    (req, res, outer) =>
      withSession(
        two.sessions,
        (_req, _res, inner) => {
          outer.set('a', 1)
          if (req.url === '/both') inner.set('b', 2)
          else assert.equal(inner.subject, null)
          res.writeHead(200, { Vary: 'Accept' }).end('body')
        },
        two.options,
      )(req, res),
    one.options,
  )
  const { port, close } = await listen(handler)
  try {
    for (const [path, count] of [
      ['both', 2],
      ['outer', 1],
    ] as const) {
      const response = await fetch(`http://127.0.0.1:${port}/${path}`)
      assert.equal(response.headers.getSetCookie().length, count)
      assert.equal(response.headers.get('vary'), 'Accept, Cookie')
      assert.equal(await response.text(), 'body')
    }
  } finally {
    await close()
    await one.sessions.close()
    await two.sessions.close()
  }
})
