import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NAVIGATION, type Visitor } from '../lib/client.js'
import { assertionOf, heard } from '../lib/echo.js'
import { type Raw, sendRaw } from '../lib/raw.js'
import type { World } from '../lib/world.js'

/** What visitors do, and what they are told. */
export function visitors(world: () => World): void {
  test('signed in: known to both applications', async () => {
    const visitor = await world().visitor().signIn()
    assert.match((await visitor.ask('/')).body, /Hello, demo1/)
    assert.match((await visitor.ask('/panel/')).body, /<dd>demo1<\/dd>/)
  })

  test('anonymous: led to the sign-in, and back to where they were going', async () => {
    const visitor = world().visitor()
    const { status, headers } = await visitor.ask('/panel/?a=1&b=2', { headers: NAVIGATION })
    assert.equal(status, 302)
    const login = '/login?return_to=%2Fpanel%2F%3Fa%3D1%26b%3D2'
    assert.equal(headers.location, login)
    const form = await visitor.ask(login, { headers: NAVIGATION })
    assert.match(form.body, /name="return_to" value="\/panel\/\?a=1&amp;b=2"/)
    const done = await visitor.post('/login', {
      account: 'demo1',
      password: 'holdfast-demo',
      return_to: '/panel/?a=1&b=2',
    })
    assert.deepEqual([done.status, done.headers.location], [303, '/panel/?a=1&b=2'])
  })

  test('anonymous: a script is told 401, and no application hears of it', async () => {
    const { status, cookies } = await world().visitor().ask('/echo/')
    assert.deepEqual([status, cookies], [401, []])
  })

  test('revoked by the command line: refused at once, at every application', async () => {
    const visitor = await world().visitor().signIn('demo2')
    const known = heard((await visitor.ask('/echo/')).body)
    assert.equal(assertionOf(known)['sub'], 'demo2')
    const said = await world().holdfast('revoke-all', '--subject', 'demo2', '--reason', 'stolen')
    assert.match(said, /^Ended \d+ sessions?\.\n$/)
    for (const path of ['/', '/panel/', '/echo/'])
      assert.equal((await visitor.ask(path)).status, 401, path)
  })

  test('a sign-out ends the session, and the cookie', async () => {
    const visitor = await world().visitor().signIn()
    const { cookie } = visitor
    const { status, cookies } = await visitor.post('/logout')
    assert.equal(status, 303)
    assert.equal(cookies.length, 1)
    assert.match(cookies[0] ?? '', /Max-Age=0/)
    assert.equal((await visitor.ask('/echo/', { headers: { Cookie: cookie ?? '' } })).status, 401)
  })

  test('an application is told who asks, for itself alone', async () => {
    const visitor = await world().visitor().signIn()
    const { aud, sub } = assertionOf(heard((await visitor.ask('/echo/')).body))
    assert.deepEqual([aud, sub], ['echo', 'demo1'])
  })

  test('duplicate cookies, two Cookie headers: the genuine one counts, two genuine ones are none', async () => {
    const good = (await world().visitor().signIn()).cookie ?? ''
    const other = (await world().visitor().signIn('demo2')).cookie ?? ''
    const forged = `${good.slice(0, -4)}0000`
    const visitor = world().visitor()
    for (const [pair, expected] of [
      [[good, forged], 200],
      [[forged, good], 200],
      [[good, other], 401],
    ] as const) {
      for (const Cookie of [pair.join('; '), [...pair]]) {
        const { status } = await visitor.ask('/echo/', { headers: { Cookie } })
        assert.equal(status, expected, `${pair.indexOf(good)} ${typeof Cookie}`)
      }
    }
  })

  test('another site can make no unsafe request, and open no WebSocket', async () => {
    const visitor = await world().visitor().signIn()
    const evil = { Origin: 'https://evil.example' }
    const refused = await visitor.ask('/add', { method: 'POST', headers: evil })
    assert.equal(refused.status, 403)
    assert.match(refused.body, /<h1>This is not allowed<\/h1>/)
    assert.equal((await visitor.ask('/echo/', { method: 'DELETE', headers: evil })).status, 403)
    assert.equal((await upgrade(visitor, 'websocket', evil.Origin)).status, 403)
  })

  test('WebSocket: opened for who is signed in, and for nobody else', async () => {
    const visitor = await world().visitor().signIn()
    const { status, body } = await upgrade(visitor, 'WebSocket')
    assert.deepEqual([status, body], [101, 'somebody'])
    assert.equal((await upgrade(world().visitor(), 'websocket')).status, 401)
  })

  test('nothing but a WebSocket leads past nginx', async () => {
    const visitor = await world().visitor().signIn()
    for (const protocol of ['h2c', 'websocket, h2c', 'TLS/1.0']) {
      const { status, body } = await upgrade(visitor, protocol)
      assert.equal(status, 200, protocol)
      assert.ok(!heard(body).lines.some((line) => /^(?:upgrade|connection)$/i.test(line)), protocol)
    }
  })

  test('large POST: it reaches the application whole, and not the daemon', async () => {
    const visitor = await world().visitor().signIn()
    const body = Buffer.alloc(1_048_576, 'x')
    const answer = await visitor.ask('/echo/', { method: 'POST', body })
    assert.equal(answer.status, 200)
    assert.equal(heard(answer.body).bytes, body.length)
    const pieces = ['POST /echo/ HTTP/1.1', 'Transfer-Encoding: chunked', ...own(visitor)]
    const sent = await sendRaw(world().site.origin, pieces, '5\r\nhello\r\n0\r\n\r\n')
    assert.deepEqual([sent.status, heard(sent.body).bytes], [200, 5])
    assert.equal((await world().visitor().ask('/echo/', { method: 'POST', body })).status, 401)
  })

  /** Asks for an upgrade over HTTP/1.1. */
  function upgrade(visitor: Visitor, protocol: string, from = world().site.origin): Promise<Raw> {
    return sendRaw(world().site.origin, [
      'GET /echo/ HTTP/1.1',
      ...own(visitor, from),
      `Upgrade: ${protocol}`,
      'Connection: Upgrade, HTTP2-Settings',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
    ])
  }

  function own({ cookie }: Visitor, from = world().site.origin): readonly string[] {
    const { host } = new URL(world().site.origin)
    const lines = [`Host: ${host}`, `Origin: ${from}`]
    return cookie === null ? lines : [...lines, `Cookie: ${cookie}`]
  }
}
