import assert from 'node:assert/strict'
import { connect } from 'node:tls'
import { after, before, describe, test } from 'node:test'
import { NAVIGATION, type Visitor } from './lib/client.js'
import { heard, valuesOf } from './lib/echo.js'
import { noNginx, startWorld, type World } from './lib/world.js'

const ASSERTION = 'x-session-assertion'

describe('a site behind nginx', { skip: noNginx }, () => {
  let world: World

  before(async () => {
    world = await startWorld()
  })
  after(() => world.stop())

  test('somebody who is signed in is known to both applications', async () => {
    const visitor = await world.visitor().signIn()
    assert.match((await visitor.ask('/')).body, /Hello, demo1/)
    assert.match((await visitor.ask('/panel/')).body, /<dd>demo1<\/dd>/)
  })

  test('a stranger is led to the sign-in, and back to where they were going', async () => {
    const visitor = world.visitor()
    const { status, headers } = await visitor.ask('/panel/?a=1&b=2', { headers: NAVIGATION })
    assert.equal(status, 302)
    const { pathname, search } = new URL(headers.location ?? '', world.site.origin)
    assert.equal(pathname + search, '/login?return_to=%2Fpanel%2F%3Fa%3D1%26b%3D2')
    const form = await visitor.ask(pathname + search, { headers: NAVIGATION })
    assert.match(form.body, /name="return_to" value="\/panel\/\?a=1&amp;b=2"/)
    const done = await visitor.post('/login', {
      account: 'demo1',
      password: 'holdfast-demo',
      return_to: '/panel/?a=1&b=2',
    })
    assert.deepEqual([done.status, done.headers.location], [303, '/panel/?a=1&b=2'])
  })

  test('a script of a stranger is told 401, and no application hears of it', async () => {
    const { status, cookies } = await world.visitor().ask('/echo/')
    assert.deepEqual([status, cookies], [401, []])
  })

  test('every answer has Strict-Transport-Security, refusals too', async () => {
    const visitor = await world.visitor().signIn()
    const answers = [
      await visitor.ask('/'),
      await visitor.ask('/login'),
      await visitor.ask('/assets/site.css'),
      await world.visitor().ask('/'),
      await world.visitor().ask('/', { headers: NAVIGATION }),
      await visitor.ask('/', { headers: { 'X-Session-App': 'shop' } }),
    ]
    for (const { headers, status } of answers)
      assert.match(headers['strict-transport-security'] ?? '', /max-age=63072000/, String(status))
  })

  test('a revoked session is refused at once, at every application', async () => {
    const visitor = await world.visitor().signIn('demo2')
    assert.equal((await visitor.ask('/echo/')).status, 200)
    assert.ok(((await world.admin.revoke({ subject: 'demo2' }, 'stolen')) ?? 0) >= 1)
    for (const path of ['/', '/panel/', '/echo/'])
      assert.equal((await visitor.ask(path)).status, 401)
  })

  test('a sign-out ends the session, and the cookie', async () => {
    const visitor = await world.visitor().signIn()
    const { cookie } = visitor
    const { status, cookies } = await visitor.post('/logout')
    assert.equal(status, 303)
    assert.equal(cookies.length, 1)
    assert.match(cookies[0] ?? '', /Max-Age=0/)
    assert.equal((await visitor.ask('/echo/', { headers: { Cookie: cookie ?? '' } })).status, 401)
  })

  test('no spelling of an identity header comes through as one', async () => {
    const visitor = await world.visitor().signIn()
    const other = await world.visitor().signIn('demo2')
    const [real = ''] = valuesOf(heard((await other.ask('/echo/')).body), ASSERTION)
    assert.notEqual(real, '')
    for (const name of spellings('x', 'session', 'assertion')) {
      const { status, body } = await visitor.ask('/echo/', { headers: { [name]: real } })
      if (status === 400) continue
      assert.equal(status, 200, name)
      const { lines } = heard(body)
      const like = lines.filter(
        (line, at) => at % 2 === 0 && /^x[-_]session[-_]assertion$/i.test(line),
      )
      assert.equal(like.length, 1, name)
      assert.ok(!lines.includes(real), name)
    }
    for (const name of [
      'X-Session-Assertion',
      'X-Session-App',
      'X-Session-Subject',
      'X-Session-Id',
    ])
      assert.equal((await visitor.ask('/echo/', { headers: { [name]: 'root' } })).status, 400)
  })

  test("an application does not believe another application's assertion", async () => {
    const visitor = await world.visitor().signIn()
    const [echoed = ''] = valuesOf(heard((await visitor.ask('/echo/')).body), ASSERTION)
    const claims: unknown = JSON.parse(
      Buffer.from(echoed.split('.')[1] ?? '', 'base64url').toString(),
    )
    assert.equal(Object(claims).aud, 'echo')
    assert.equal(Object(claims).sub, 'demo1')
  })

  test('of two cookies of our name the genuine one counts, in one line and in two', async () => {
    const visitor = await world.visitor().signIn()
    const good = visitor.cookie ?? ''
    const forged = `${good.slice(0, -4)}0000`
    for (const cookies of [
      [good, forged],
      [forged, good],
    ]) {
      for (const Cookie of [cookies.join('; '), cookies])
        assert.equal((await visitor.ask('/echo/', { headers: { Cookie } })).status, 200)
    }
    const other = await world.visitor().signIn('demo2')
    const both = `${good}; ${other.cookie ?? ''}`
    assert.equal((await visitor.ask('/echo/', { headers: { Cookie: both } })).status, 401)
  })

  test('another site can make no unsafe request, and open no WebSocket', async () => {
    const visitor = await world.visitor().signIn()
    const evil = { Origin: 'https://evil.example' }
    assert.equal((await visitor.ask('/add', { method: 'POST', headers: evil })).status, 403)
    assert.equal((await visitor.ask('/echo/', { method: 'DELETE', headers: evil })).status, 403)
    assert.match(await webSocket(visitor, evil), /^HTTP\/1.1 403/)
  })

  test('a WebSocket is opened for who is signed in, and for nobody else', async () => {
    const visitor = await world.visitor().signIn()
    const own = { Origin: world.site.origin }
    assert.match(await webSocket(visitor, own), /^HTTP\/1.1 101[\s\S]*somebody$/)
    assert.match(await webSocket(world.visitor(), own), /^HTTP\/1.1 401/)
  })

  test('a large body reaches the application whole, and not the daemon', async () => {
    const visitor = await world.visitor().signIn()
    const body = Buffer.alloc(900_000, 'x')
    const answer = await visitor.ask('/echo/', { method: 'POST', body })
    assert.equal(answer.status, 200)
    assert.equal(heard(answer.body).bytes, body.length)
    assert.equal((await world.visitor().ask('/echo/', { method: 'POST', body })).status, 401)
  })

  /** Asks for an upgrade over HTTP/1.1, and gives what came back. */
  async function webSocket(
    { cookie }: Visitor,
    headers: Readonly<Record<string, string>>,
  ): Promise<string> {
    const { port, host } = new URL(world.site.origin)
    const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false })
    const lines = {
      Host: host,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
      ...(cookie === null ? {} : { Cookie: cookie }),
      ...headers,
    }
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET /echo/ HTTP/1.1\r\n${head.join('')}\r\n`)
    let said = ''
    for await (const data of socket) {
      said += String(data)
      if (said.includes('\r\n\r\n') && !said.startsWith('HTTP/1.1 101')) break
    }
    return said
  }
})

/** Every way to write a header's words with dashes and underscores, in three cases. */
function spellings(...words: readonly string[]): readonly string[] {
  const joined = words.reduce<readonly string[]>(
    (sofar, word) =>
      sofar.length === 0 ? [word] : sofar.flatMap((each) => [`${each}-${word}`, `${each}_${word}`]),
    [],
  )
  return joined.flatMap((name) => [
    name,
    name.toUpperCase(),
    name.replaceAll(/(^|[-_])[a-z]/g, (letter) => letter.toUpperCase()),
  ])
}
