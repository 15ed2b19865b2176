import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'
import { NAVIGATION } from '../lib/client.js'
import { assertionOf, heard, valuesOf } from '../lib/echo.js'
import { sendRaw } from '../lib/raw.js'
import type { World } from '../lib/world.js'

const NAMES = ['assertion', 'app', 'login', 'subject', 'id', 'user']

/** What a visitor might try to be taken for somebody else, or to get past the check. */
export function hostileRequests(world: () => World): void {
  test('spoofed: no spelling of an identity header comes through as one', async () => {
    const visitor = await world().visitor().signIn()
    const other = await world().visitor().signIn('demo2')
    const [real = ''] = valuesOf(heard((await other.ask('/echo/')).body), 'x-session-assertion')
    assert.notEqual(real, '')
    for (const name of NAMES.flatMap((each) => spellings('x', 'session', each))) {
      const { status, body } = await visitor.ask('/echo/', { headers: { [name]: real } })
      // With a dash before and behind it is as good as ours; nginx drops what has an underscore.
      assert.equal(status, name.includes('_') ? 200 : 400, name)
      if (status === 200) assertOwn(body, real, name)
    }
  })

  test('spoofed: an empty header does not hide a second one, in any order and spelling', async () => {
    const visitor = await world().visitor().signIn()
    for (const name of NAMES)
      for (const second of [`X-Session-${name}`, `x_session_${name}`, `X.Session.${name}`]) {
        const lines = [`X-Session-${name}: `, `${second}: root`, `Cookie: ${visitor.cookie ?? ''}`]
        const { status, body } = await raw('GET /echo/ HTTP/1.1', ...lines)
        if (status !== 400) assertOwn(body, 'root', second)
      }
  })

  test('spoofed: nothing else that a client says about itself or its address comes through', async () => {
    const visitor = await world().visitor().signIn()
    const names = ['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto']
    names.push('X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Real-IP', 'X-Original-URL')
    names.push('X-Rewrite-URL', 'Proxy')
    const headers = Object.fromEntries(names.map((name) => [name, 'evil.example']))
    const { status, body } = await visitor.ask('/echo/', { headers })
    assert.equal(status, 200)
    assert.ok(!body.includes('evil.example'), body)
  })

  test('every answer has Strict-Transport-Security once, whatever it is', async () => {
    const visitor = await world().visitor().signIn()
    const asked = async (path: string, ask = {}): Promise<readonly [number, unknown]> => {
      const { status, headers } = await visitor.ask(path, ask)
      return [status, headers['strict-transport-security']]
    }
    const anonymous = { Cookie: '' }
    const evil = { Origin: 'https://evil.example' }
    const answers = [
      [200, await asked('/')],
      [200, await asked('/login')],
      [200, await asked('/assets/site.css')],
      [200, await asked('/echo/?header=Strict-Transport-Security:max-age=0')],
      [301, await asked('/panel')],
      [302, await asked('/', { headers: { ...anonymous, ...NAVIGATION } })],
      [400, await asked('/', { headers: { 'X-Session-App': 'shop' } })],
      [401, await asked('/', { headers: anonymous })],
      [403, await asked('/add', { method: 'POST', headers: evil })],
      [404, await asked('/.holdfast/shop')],
      [404, await asked('/nowhere')],
      [405, await asked('/', { method: 'TRACE' })],
      [413, await asked('/echo/', { method: 'POST', body: Buffer.alloc(1_048_577) })],
      [414, await asked(`/${'a'.repeat(9_000)}`)],
      [421, await asked('/', { headers: { Host: 'evil.example' } })],
      [502, await asked('/broken/')],
    ] as const
    for (const [status, answer] of answers)
      assert.deepEqual(answer, [status, 'max-age=63072000'], String(status))
  })

  test('an application that does not answer: a page that says so, and no cookie is taken away', async () => {
    const visitor = await world().visitor().signIn()
    const { status, body, headers, cookies } = await visitor.ask('/broken/')
    assert.deepEqual([status, headers['content-type'], cookies], [502, 'text/html', []])
    assert.match(body, /does not answer at the moment. You are not signed out/)
  })

  test("no application hears another site's Host, and nobody is led there", async () => {
    const { cookie } = await world().visitor().signIn()
    const { host } = new URL(world().site.origin)
    const known = `Cookie: ${cookie ?? ''}`
    for (const lines of [
      ['GET /echo/ HTTP/1.1', 'Host: evil.example'],
      ['GET /echo/ HTTP/1.1', 'Host: localhost.evil.example'],
      ['GET /echo/ HTTP/1.1', 'Host: localhost:8443.evil.example'],
      [`GET https://${host}/echo/ HTTP/1.1`, 'Host: evil.example'],
      ['GET /echo/ HTTP/1.0'],
    ]) {
      const { status } = await sendRaw(world().site.origin, [...lines, known])
      assert.ok([400, 421].includes(status), `${lines.join(', ')}: ${status}`)
    }
    for (const lines of [
      [`GET https://evil.example/echo/ HTTP/1.1`, `Host: ${host}`],
      ['GET /echo/ HTTP/1.1', `Host: ${host}`, 'Host: evil.example'],
    ]) {
      const { status, body } = await sendRaw(world().site.origin, [...lines, known])
      // Later versions of nginx refuse a second one.
      if (status === 400) continue
      assert.deepEqual([status, valuesOf(heard(body), 'host')], [200, [host]])
      assert.ok(!body.includes('evil.example'))
    }
  })

  test('from plain HTTP everybody is led to this site, and nowhere else', async () => {
    const { origin } = world().site
    const send = (...lines: readonly string[]): ReturnType<typeof sendRaw> =>
      sendRaw(world().plainOrigin, lines)
    const { status, headers } = await send('GET //evil.example/?a=1 HTTP/1.1', 'Host: localhost')
    assert.equal(status, 301)
    assert.ok(headers.includes(`location: ${origin}//evil.example/?a=1`), headers.join('\n'))
    assert.ok(!headers.some((line) => line.startsWith('strict-transport-security')))
    const inLine = await send('GET http://evil.example/ HTTP/1.1', 'Host: LOCALHOST:80')
    assert.ok(inLine.headers.some((line) => line.toLowerCase() === `location: ${origin}/`))
    for (const Host of ['evil.example', 'localhost@evil.example', 'localhost.evil.example'])
      assert.ok([400, 421].includes((await send('GET / HTTP/1.1', `Host: ${Host}`)).status), Host)
  })

  test('the way to the sign-in leads back to this site alone', async () => {
    for (const path of ['//evil.example/', '/\\evil.example/', '/%0d%0aa:b', '/%2f/evil']) {
      const lines = Object.entries(NAVIGATION).map(([name, value]) => `${name}: ${value}`)
      const { status, headers } = await raw(`GET ${path} HTTP/1.1`, ...lines)
      assert.equal(status, 302, path)
      const location = headers.find((line) => line.startsWith('location: ')) ?? ''
      assert.match(location, /^location: \/login\?return_to=%2F(?!%2F|%5C|\/|\\)/, path)
    }
  })

  test('an open path opens nothing else: the application hears the address that nginx means', async () => {
    for (const path of [
      '/echo/secret/..%2fopen/x',
      '/echo/secret/%2e%2e/open/x',
      '/echo//open/x',
      '/echo/open/%252e%252e/secret/x',
    ]) {
      const { status, body } = await raw(`GET ${path} HTTP/1.1`)
      assert.equal(status, 200, path)
      const { pathname } = new URL(heard(body).url, 'http://echo')
      assert.match(pathname, /^\/echo\/open\//, `${path}: ${heard(body).url}`)
    }
    for (const path of ['/echo/open/%2e%2e%5csecret/x', '/echo/open/..\\secret/x'])
      assert.equal((await raw(`GET ${path} HTTP/1.1`)).status, 400, path)
    for (const path of ['/echo/open/..%2fsecret', '/echo/open/../secret', '/echo/opened/x'])
      assert.equal((await raw(`GET ${path} HTTP/1.1`)).status, 401, path)
  })

  test('an application cannot show a visitor what the daemon says to another one', async () => {
    const visitor = await world().visitor().signIn()
    const { headers } = await visitor.ask('/echo/?header=X-Accel-Redirect:/.holdfast/shop')
    assert.equal(headers['x-session-assertion'], undefined)
    const there = '/echo/?header=X-Accel-Redirect:/panel/'
    assert.match((await visitor.ask(there)).body, /<dd>demo1<\/dd>/)
    assert.equal(
      (
        await world()
          .visitor()
          .ask(`/echo/open/${there.slice(6)}`)
      ).status,
      401,
    )
  })

  test('TLS is that of the profile: 1.2 and 1.3, and ciphers with forward secrecy', async () => {
    const { port } = new URL(world().site.origin)
    const place = { port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }
    const speak = async (options: ConnectionOptions): Promise<string> => {
      const socket = connect({ ...place, ...options })
      try {
        await once(socket, 'secureConnect')
        return `${socket.getProtocol() ?? ''} ${socket.getCipher().name}`
      } catch (error) {
        return String(error)
      } finally {
        socket.destroy()
      }
    }
    const old = { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const
    assert.match(await speak({}), /^TLSv1.3 TLS_/)
    assert.match(await speak({ maxVersion: 'TLSv1.2' }), /^TLSv1.2 ECDHE-ECDSA-AES/)
    assert.match(await speak({ ...old, maxVersion: 'TLSv1.1' }), /alert protocol version/)
    const weak = 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0'
    assert.match(await speak({ maxVersion: 'TLSv1.2', ciphers: weak }), /alert handshake failure/)
  })

  /** A request of nobody's, or with what `lines` say. */
  function raw(first: string, ...lines: readonly string[]): ReturnType<typeof sendRaw> {
    const { origin } = world().site
    return sendRaw(origin, [first, `Host: ${new URL(origin).host}`, ...lines])
  }
}

/** The application was told of the visitor by the daemon, and of nobody else. */
function assertOwn(body: string, value: string, name: string): void {
  const said = heard(body)
  const ours = said.lines.filter((line, at) => at % 2 === 0 && /^x[^a-z]session/i.test(line))
  assert.deepEqual(ours, ['X-Session-Assertion'], name)
  assert.equal(assertionOf(said)['sub'], 'demo1', name)
  assert.ok(!said.lines.includes(value), name)
}

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
