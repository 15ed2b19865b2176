import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, createServer as createHttp2, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { createSessions } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { type FetchHandler, fetchHandler, withSession } from '../src/index.js'

type Listener = (req: IncomingMessage, res: ServerResponse) => void

/** A server on a port of its own, closed after the test. */
async function serve(t: TestContext, listener: Listener): Promise<number> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : assert.fail()
}

async function mount(t: TestContext, handler: FetchHandler): Promise<string> {
  return `http://127.0.0.1:${await serve(t, fetchHandler(handler))}`
}

/** Sends bytes as they are and gives the whole answer. */
async function raw(port: number, ...lines: readonly string[]): Promise<string> {
  const socket = connectSocket(port, '127.0.0.1')
  socket.end(`${lines.join('\r\n')}\r\n\r\n`)
  return text(socket)
}

test('method, URL, every header line and the body reach the handler; status, headers and body come back', async (t) => {
  const origin = await mount(t, async (req, info) => {
    assert.equal(info.address, '127.0.0.1')
    const seen = [req.method, req.url, req.headers.get('x-two'), await req.text()]
    return Response.json(seen, { status: 418, statusText: 'Teapot', headers: { 'x-back': 'yes' } })
  })
  const headers = new Headers([
    ['x-two', 'a'],
    ['x-two', 'b'],
  ])
  const response = await fetch(`${origin}/path?q=1`, { method: 'PUT', body: 'gr\u00fcn', headers })
  assert.deepEqual(
    [response.status, response.statusText, response.headers.get('x-back')],
    [418, 'Teapot', 'yes'],
  )
  assert.deepEqual(await response.json(), ['PUT', `${origin}/path?q=1`, 'a, b', 'gr\u00fcn'])
})

test('several cookies leave as several lines, beside those that were set before', async (t) => {
  const handler = fetchHandler(() => {
    const response = new Response(null, { headers: { vary: 'Origin' } })
    for (const cookie of ['b=2; Path=/', 'c=3']) response.headers.append('set-cookie', cookie)
    return response
  })
  const port = await serve(t, (req, res) => {
    res.appendHeader('Set-Cookie', 'a=1')
    res.setHeader('Vary', 'Cookie')
    handler(req, res)
  })
  const { headers } = await fetch(`http://127.0.0.1:${port}/`)
  assert.deepEqual(headers.getSetCookie(), ['a=1', 'b=2; Path=/', 'c=3'])
  assert.equal(headers.get('vary'), 'Cookie, Origin')
})

test('both bodies stream: the first chunk is echoed before the second is sent', async (t) => {
  const origin = await mount(t, (req) => new Response(req.body))
  const outgoing = request(origin, { method: 'POST' })
  outgoing.write('first')
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response')
  const chunks = incoming?.[Symbol.asyncIterator]() ?? assert.fail()
  assert.equal(String((await chunks.next()).value), 'first')
  outgoing.end('second')
  assert.equal(String((await chunks.next()).value), 'second')
  assert.equal((await chunks.next()).done, true)
})

test('a client that takes nothing is sent no more than fits on the way', async (t) => {
  let made = 0
  const chunk = new Uint8Array(64 * 1024)
  let cancelled = (): void => undefined
  const gone = new Promise<void>((resolve) => (cancelled = resolve))
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    made += 1
    controller.enqueue(chunk)
  }
  const origin = await mount(t, () => new Response(new ReadableStream({ pull, cancel: cancelled })))
  const outgoing = request(origin).end()
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response')
  incoming?.pause()
  let before = -1
  while (made !== before) {
    before = made
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.ok(made < 1000, `${made} chunks of 64 KiB`)
  outgoing.destroy()
  await gone
})

test('a handler that reads slowly is sent no more than fits on the way', async (t) => {
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => (release = resolve))
  let received = 0
  const origin = await mount(t, async (req) => {
    await gate
    for await (const chunk of req.body ?? []) received += chunk.length
    return new Response('done')
  })
  const outgoing = request(origin, { method: 'POST' })
  const answered = once(outgoing, 'response')
  const chunk = Buffer.alloc(1024 * 1024)
  let sent = 0
  while (outgoing.write(chunk) || (await drained(outgoing))) sent += 1
  assert.ok(sent < 64, `${sent} MiB were taken although nobody read`)
  release()
  outgoing.end()
  await answered
  assert.ok(received >= sent * chunk.length)
})

async function drained(stream: NodeJS.EventEmitter): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(resolve, 300, false))
  return Promise.race([once(stream, 'drain').then(() => true), late])
}

test('a client that goes away fires the signal, and fails the body', async (t) => {
  let seen = (_: readonly unknown[]): void => undefined
  const result = new Promise<readonly unknown[]>((resolve) => (seen = resolve))
  const origin = await mount(t, async (req) => {
    const aborted = once(req.signal, 'abort')
    const failed = await req.text().then(
      () => 'whole',
      (error: Error) => error.message,
    )
    await aborted
    seen([failed, req.signal.aborted])
    return new Response('late')
  })
  const outgoing = request(origin, { method: 'POST', headers: { 'content-length': '100' } })
  outgoing.on('error', () => undefined)
  outgoing.write('some')
  await new Promise((resolve) => setTimeout(resolve, 50))
  outgoing.destroy()
  assert.deepEqual(await result, ['the client went away', true])
})

test('a body that fails half-way cuts the connection, so that nobody takes it for a whole one', async (t) => {
  const origin = await mount(t, () => {
    let n = 0
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      if (n++ === 0) controller.enqueue(new TextEncoder().encode('half'))
      else controller.error(new Error('broken'))
    }
    return new Response(new ReadableStream({ pull }))
  })
  await assert.rejects(fetch(origin).then((response) => response.text()))
})

test('a body that the handler leaves unread does not stop the next request of the connection', async (t) => {
  const handler: FetchHandler = async (req) => {
    if (req.url.endsWith('/some')) await req.body?.getReader().read()
    if (req.url.endsWith('/cancel')) await req.body?.cancel()
    return new Response(new URL(req.url).pathname)
  }
  const port = await serve(t, fetchHandler(handler))
  const body = 'x'.repeat(200_000)
  const post = (path: string): string[] => [
    `POST ${path} HTTP/1.1`,
    'Host: a.example',
    `Content-Length: ${body.length}`,
    '',
    body,
  ]
  for (const path of ['/none', '/cancel']) {
    const end = ['GET /second HTTP/1.1', 'Host: a.example', 'Connection: close']
    const answers = await raw(port, `${post(path).join('\r\n')}${end.join('\r\n')}`)
    assert.deepEqual(answers.match(/^\/\w+/gm), [path, '/second'], answers)
  }
})

test('HEAD has the head and no body', async (t) => {
  let cancelled = false
  const body = (): ReadableStream => new ReadableStream({ cancel: () => void (cancelled = true) })
  const origin = await mount(t, () => new Response(body(), { headers: { 'x-a': 'b' } }))
  const response = await fetch(origin, { method: 'HEAD' })
  assert.deepEqual([response.headers.get('x-a'), await response.text(), cancelled], ['b', '', true])
})

test('what is not the handler’s is 404, or goes on to next(); so do errors, else they are 500', async (t) => {
  const handler: FetchHandler = (req) => {
    if (req.url.endsWith('/mine')) return new Response('mine')
    if (req.url.endsWith('/fails')) throw new Error('a secret')
    return undefined
  }
  const alone = await mount(t, handler)
  const statuses = []
  for (const path of ['/mine', '/other', '/fails']) {
    const response = await fetch(alone + path)
    statuses.push([response.status, await response.text()])
  }
  assert.deepEqual(statuses, [
    [200, 'mine'],
    [404, ''],
    [500, ''],
  ])
  const listener = fetchHandler(handler)
  const port = await serve(t, (req, res) =>
    listener(req, res, (error) => res.end(error instanceof Error ? error.message : 'next')),
  )
  const texts = []
  for (const path of ['/mine', '/other', '/fails'])
    texts.push(await (await fetch(`http://127.0.0.1:${port}${path}`)).text())
  assert.deepEqual(texts, ['mine', 'next', 'a secret'])
})

test('the path that a framework has cut off, and a body that it has read, are told', async (t) => {
  const listener = fetchHandler(async (req) =>
    req.url.endsWith('/skip') ? undefined : new Response(`${req.url} ${await req.text()}`),
  )
  const port = await serve(t, (req, res) => {
    const whole = req.url ?? ''
    Object.assign(req, { originalUrl: whole, url: whole.replace('/auth', '') })
    const go = (): void =>
      listener(req, res, (error) => res.end(error instanceof Error ? error.message : 'next'))
    if (req.headers['x-parsed'] === undefined) go()
    else void text(req).then(go)
  })
  const post = async (path: string, headers = {}): Promise<string> => {
    const init = { method: 'POST', body: 'body', headers }
    return (await fetch(`http://127.0.0.1:${port}${path}`, init)).text()
  }
  assert.equal(await post('/auth/token'), `http://127.0.0.1:${port}/auth/token body`)
  assert.match(await post('/auth/token', { 'x-parsed': '1' }), /^the body was read before/)
  assert.equal(await post('/skip', { 'x-parsed': '1' }), 'next')
})

test('hosts and targets that cannot be read are refused; a target does not choose its own host', async (t) => {
  const port = await serve(
    t,
    fetchHandler((req) => new Response(req.url)),
  )
  const ask = async (target: string, host: string): Promise<string> => {
    const answer = await raw(port, `GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close')
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    return `${head.split(' ')[1]} ${/http:\S*/.exec(body)?.[0] ?? ''}`.trim()
  }
  assert.equal(await ask('/a?b', 'own.example'), '200 http://own.example/a?b')
  assert.equal(await ask('http://evil.example/a', 'own.example'), '200 http://own.example/a')
  assert.equal(
    await ask('//evil.example/a', 'own.example'),
    '200 http://own.example//evil.example/a',
  )
  for (const host of ['a b', 'a/b', 'user@a', 'a?b', 'a#b', 'a\\b', '[::1', 'a:99999'])
    assert.equal(await ask('/', host), '400', host)
  assert.equal(await ask('*', 'own.example'), '400')
  const trace = await raw(port, 'TRACE / HTTP/1.1', 'Host: a', 'Connection: close')
  assert.match(trace, /^HTTP\/1\.1 405 /)
})

test('a session’s cookie leaves with the response of a handler behind it', async (t) => {
  const sessions = createSessions({
    store: memoryStore(),
    keys: ['fetch-handler-key-0123456789abcdefg'],
  })
  t.after(() => sessions.close())
  const listener = fetchHandler(() => new Response('body', { headers: { 'set-cookie': 'own=1' } }))
  const options = { development: true }
  const port = await serve(
    t,
    withSession(
      sessions,
      (req, res, session) => {
        session.set('a', 1)
        listener(req, res)
      },
      options,
    ),
  )
  const response = await fetch(`http://127.0.0.1:${port}/`)
  assert.equal(await response.text(), 'body')
  const names = new Set(response.headers.getSetCookie().map((cookie) => cookie.split('=')[0]))
  assert.deepEqual(names, new Set(['own', 'session']))
})

test('the compatibility API of HTTP/2 is served as node:http is', async (t) => {
  const listener = fetchHandler(async (req) => {
    const headers = { connection: 'keep-alive', 'x-a': 'b' }
    return new Response(`${req.url} ${await req.text()}`, { headers })
  })
  const server = createHttp2((req, res) =>
    listener(req as unknown as IncomingMessage, res as unknown as ServerResponse),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : assert.fail()
  const client = connect(`http://127.0.0.1:${port}`)
  t.after(() => {
    client.close()
    server.close()
  })
  const stream = client.request({ ':path': '/a', ':method': 'POST' })
  stream.end('sent')
  const [headers]: IncomingHttpHeaders[] = await once(stream, 'response')
  assert.deepEqual([headers?.[':status'], headers?.['x-a']], [200, 'b'])
  assert.equal(await text(stream), `http://127.0.0.1:${port}/a sent`)
})
