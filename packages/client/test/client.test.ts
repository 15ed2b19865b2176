import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { connectAdmin, connectApp, createAssertionReader, DaemonError } from '@holdfast/client'
import { newFolder } from '@holdfast/test-servers/process'
import { startDaemon, type TestDaemon } from './support/daemon.js'

const VISITOR = { scheme: 'https', host: 'shop.example' } as const

let daemon: TestDaemon
before(async () => {
  daemon = await startDaemon({ after: () => undefined })
})
after(() => daemon.stop())

test('an application begins a session, signs in and changes values; administrators see and end it', async (t) => {
  const [app, admin] = [connectApp({ socket: daemon.shop }), connectAdmin({ socket: daemon.admin })]
  t.after(() => Promise.all([app.close(), admin.close()]))
  const visitor = app.visitor(VISITOR)
  assert.equal((await visitor.load()).session, null)
  assert.deepEqual((await visitor.create({ set: { cart: ['a'] } })).data, { cart: ['a'] })
  const { session } = await visitor.authenticate({ subject: 'alice', methods: ['pwd'] })
  const id = session?.id ?? ''
  assert.match(visitor.setCookie ?? '', /^__Host-session=/)
  await visitor.patch({ set: { n: 1 }, unset: ['cart'], shared: { set: { locale: 'de' } } })
  const { data, shared } = await visitor.load()
  assert.deepEqual([data, shared], [{ n: 1 }, { locale: 'de' }])
  const csrf = await visitor.csrfToken()
  assert.deepEqual(
    [await visitor.verifyCsrfToken(csrf), await visitor.verifyCsrfToken('x')],
    [true, false],
  )

  const listed = []
  for await (const each of admin.list('alice')) listed.push(each.id)
  assert.deepEqual(listed, [id])
  const heard = new AbortController()
  const events = admin.events({ type: 'session_revoked', signal: heard.signal })
  const first = events.next()
  await admin.status()
  assert.equal(await admin.revoke({ session: id }, 'stolen'), 1)
  const event = Object((await first).value)
  assert.deepEqual([event.type, event.reason], ['session_revoked', 'stolen'])
  heard.abort()
  await assert.rejects(async () => {
    await events.next()
    await events.next()
  })
  assert.equal((await admin.show(id))?.reason, 'stolen')
  assert.equal(await admin.show('A'.repeat(22)), null)
  await assert.rejects(visitor.patch({ set: { n: 2 } }), { code: 'ERR_SESSION_ENDED', status: 404 })
})

test('over TCP an application proves itself with its token', async (t) => {
  const app = connectApp(daemon.far)
  const stranger = connectApp({ ...daemon.far, token: 'a'.repeat(43) })
  t.after(() => Promise.all([app.close(), stranger.close()]))
  const visitor = app.visitor(VISITOR)
  await visitor.create({ set: { n: 1 } })
  assert.deepEqual((await visitor.load()).data, { n: 1 })
  await assert.rejects(stranger.visitor(VISITOR).load(), (error: unknown) => {
    assert.ok(error instanceof DaemonError)
    assert.deepEqual([error.code, error.status], ['ERR_DAEMON_TOKEN', 401])
    assert.ok(!inspect(error, { depth: 9 }).includes('a'.repeat(43)))
    return true
  })
})

test('what an application may not do is refused in words, without a secret', async (t) => {
  const app = connectApp({ socket: daemon.other })
  t.after(() => app.close())
  const visitor = app.visitor(VISITOR)
  await assert.rejects(visitor.authenticate({ subject: 'root' }), (error: unknown) => {
    assert.ok(error instanceof DaemonError)
    assert.deepEqual([error.code, error.status, error.retryable], ['ERR_DAEMON_RIGHT', 403, false])
    assert.match(error.message, /may not authenticate; add "authenticate" to rights/)
    return true
  })
})

test('an application with the rights lists and ends the sessions of an account', async (t) => {
  const app = connectApp({ socket: daemon.shop })
  t.after(() => app.close())
  const visitors = [app.visitor(VISITOR), app.visitor(VISITOR), app.visitor(VISITOR)]
  const ids: string[] = []
  for (const visitor of visitors) {
    const { session } = await visitor.authenticate({ subject: 'bob' })
    ids.push(session?.id ?? '')
  }
  const [except = ''] = ids
  const listed = async (ended: boolean): Promise<readonly string[]> => {
    const found: string[] = []
    for await (const { id } of app.list('bob', { ended })) found.push(id)
    return found.toSorted()
  }
  assert.deepEqual(await listed(false), ids.toSorted())
  assert.equal(await app.revokeAll('bob', { except, reason: 'moved' }), 2)
  assert.deepEqual([await listed(false), await listed(true)], [[except], ids.toSorted()])
  await assert.rejects(app.publicKeys(), { code: 'ERR_DAEMON_NOT_FOUND' })
  const other = connectApp({ socket: daemon.other })
  t.after(() => other.close())
  await assert.rejects(other.list('bob').next(), { code: 'ERR_DAEMON_RIGHT' })
  await assert.rejects(other.revokeAll('bob'), { code: 'ERR_DAEMON_RIGHT' })
})

test('two writers of one version: one is told of the conflict', async (t) => {
  const app = connectApp({ socket: daemon.shop })
  t.after(() => app.close())
  const visitor = app.visitor(VISITOR)
  const { version } = await visitor.create()
  const patch = { set: { n: 1 }, ifVersion: version ?? 0 }
  const outcomes = await Promise.allSettled([visitor.patch(patch), visitor.patch(patch)])
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
})

test('an assertion is read with keys that the daemon gives, and another application reads none of it', async (t) => {
  const apps = [connectApp({ socket: daemon.shop }), connectApp({ socket: daemon.other })]
  t.after(() => Promise.all(apps.map((app) => app.close())))
  const [shop, other] = apps
  assert.ok(shop && other)
  const { AssertionSigner } = await import('@holdfast/protocol')
  const [key] = await shop.assertionKeys()
  assert.ok(key)
  const iat = Math.floor(Date.now() / 1000)
  const claims = { aud: 'shop', sub: 'alice', sid: 's', ns: 'shop', iat, exp: iat + 30 }
  const header = new AssertionSigner(key).sign({ ...claims, auth_time: iat, amr: [] })
  const read = createAssertionReader(shop, 'shop')
  assert.equal((await read(header))?.sub, 'alice')
  assert.equal(await read(undefined), null)
  assert.equal(await read(`${header},${header}`), null)
  assert.equal(await createAssertionReader(other, 'other')(header), null)
})

test('nobody there, and nobody who may be asked: said so', async () => {
  const admin = connectAdmin({ socket: join(newFolder('n'), 'none.sock') })
  await assert.rejects(admin.status(), {
    code: 'ERR_DAEMON_UNREACHABLE',
    status: null,
    retryable: true,
    message: /none\.sock: there is no such socket\. Is the daemon running/,
  })
  await admin.close()
})

test('what is none of the protocol is said to be, whatever it is', async (t) => {
  for (const [answer, code] of [
    [(_req, res) => res.end('<html>'), 'ERR_DAEMON_ANSWER'],
    [(_req, res) => res.end('{}'), 'ERR_DAEMON_ANSWER'],
    [(_req, res) => res.writeHead(502).end('bad gateway'), 'ERR_DAEMON_ANSWER'],
    [(req) => req.socket.destroy(), 'ERR_DAEMON_UNREACHABLE'],
    [() => undefined, 'ERR_DAEMON_TIMEOUT'],
  ] satisfies readonly (readonly [RequestListener, string])[]) {
    const socket = await serve(t, answer)
    const admin = connectAdmin({ socket }, { timeout: 300 })
    await assert.rejects(admin.status(), { name: 'DaemonError', code })
    await admin.close()
  }
})

test('a connection that breaks is tried once more, where asking twice is asking once', async (t) => {
  const asked: string[] = []
  const socket = await serve(t, (req, res) => {
    asked.push(`${req.method} ${req.url}`)
    if (asked.length % 2 === 1) req.socket.destroy()
    else res.end(JSON.stringify({ managed: true, keys: [] }))
  })
  const admin = connectAdmin({ socket })
  assert.deepEqual(await admin.keys(), { managed: true, keys: [] })
  await assert.rejects(admin.rotateKeys(), { code: 'ERR_DAEMON_UNREACHABLE' })
  assert.deepEqual(asked, ['GET /v1/keys', 'GET /v1/keys', 'POST /v1/keys/rotate'])
  await admin.close()
})

/** A server that is no daemon, on a unix socket. */
async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const path = join(newFolder('s'), 'x.sock')
  const server = createServer(answer).listen(path)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return path
}
