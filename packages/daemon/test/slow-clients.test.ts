// @waits
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { test } from 'node:test'
import { memoryStore } from '@holdfast/memory'
import { ask, readAnswer, target } from './support/ask.js'
import { Raw } from './support/raw.js'
import { VISIT, Visitor } from './support/visitor.js'
import { startWorld } from './support/world.js'

const SESSION = '/v1/session'
const HEAD = `PATCH ${SESSION} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`

test('a head or a body that does not arrive in time is 408, and the connection ends', async () => {
  const { shop } = await startWorld({ limits: { headTimeout: 200, requestTimeout: 400 } })
  for (const begun of ['GET /v1/ses', `${HEAD}Content-Length: 10\r\n\r\n{"se`]) {
    const raw = new Raw(shop).send(begun)
    await raw.closed
    assert.match(raw.received, /^HTTP\/1\.1 408 /)
    assert.match(raw.received, /ERR_DAEMON_TIMEOUT/)
  }
  // Drop by drop is not in time either.
  const raw = new Raw(shop).send(`${HEAD}Content-Length: 1000\r\n\r\n`)
  const drip = setInterval(() => raw.send(' '), 20)
  await raw.closed
  clearInterval(drip)
  assert.match(raw.received, /^HTTP\/1\.1 408 /)
})

test('connections beyond the limit are closed, and those that are there go on', async () => {
  const { shop } = await startWorld({ limits: { connections: 3 } })
  const kept = [new Raw(shop), new Raw(shop), new Raw(shop)]
  const line = `GET ${SESSION} HTTP/1.1\r\nHost: a\r\n\r\n`
  for (const each of kept) await each.send(line).until(/"shared":\{\}\}$/)
  const extra = new Raw(shop)
  await extra.closed
  assert.equal(extra.received, '')
  for (const each of kept) {
    each.received = ''
    assert.match(await each.send(line).until(/"shared":\{\}\}$/), /^HTTP\/1\.1 200 /)
    each.socket.destroy()
  }
})

test('a connection ends with its thousandth request, which says so', async () => {
  const { monitor } = await startWorld()
  const raw = new Raw(monitor).send('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_000))
  const answers = (await raw.until(/Connection: close[^]*\{"status":"ok"\}/)).split('HTTP/1.1 200')
  assert.equal(answers.length, 1_001)
  assert.deepEqual(
    answers.flatMap((each, at) => (each.includes('Connection: close') ? [at] : [])),
    [1_000],
  )
  raw.socket.destroy()
})

test('a drain answers what is under way and says that the connection ends, and takes nothing new', async () => {
  const inner = memoryStore()
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let arrived = (): void => undefined
  const waiting = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const store = new Proxy(inner, {
    get: (of, name) => {
      const value: unknown = Reflect.get(of, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (name !== 'insert') return Reflect.apply(value, of, args)
        arrived()
        return held.then((): unknown => Reflect.apply(value, of, args))
      }
    },
  })
  const { shop, doors } = await startWorld({ store })
  const agent = new Agent({ keepAlive: true })
  const idle = new Raw(shop).send(`GET ${SESSION} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await idle.until(/"shared":\{\}\}$/)
  const headers = { ...VISIT, 'content-type': 'application/json', 'content-length': 2 }
  const asked = request({ ...target(shop), method: 'POST', path: SESSION, headers, agent })
  const answer = readAnswer(asked)
  asked.end('{}')
  await waiting
  const drained = doors['shop']?.drain(5_000)
  // A kept connection on which a request is just arriving: it is answered, and told to end.
  idle.received = ''
  idle.send(`GET ${SESSION} HTTP/1.1\r\nHost: a\r\n\r\n`)
  assert.match(await idle.until(/"shared":\{\}\}$/), /200 OK[^]*Connection: close/i)
  await assert.rejects(ask(shop, 'GET', SESSION))
  release()
  const { status, headers: said } = await answer
  assert.equal(status, 200)
  assert.equal(said['connection'], 'close')
  await drained
  agent.destroy()
})

test('a drain ends idle connections by itself, long before its patience does', async () => {
  const { shop, doors } = await startWorld()
  const idle = new Raw(shop).send(`GET ${SESSION} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await idle.until(/"shared":\{\}\}$/)
  await doors['shop']?.drain(3_600_000)
  await idle.closed
})

test('a drain cuts what never ends when its patience does', async () => {
  const { shop, doors } = await startWorld()
  const stuck = new Raw(shop).send(`${HEAD}Content-Length: 10\r\n\r\n{`)
  await doors['shop']?.drain(300)
  await stuck.closed
})

test('a client that goes away before its answer has still changed what it asked for', async () => {
  const { shop } = await startWorld()
  const visitor = new Visitor()
  await visitor.session(shop, 'POST', SESSION, {})
  const body = '{"set":{"gone":1}}'
  const lines = `Cookie: ${visitor.cookie ?? ''}\r\nX-Forwarded-Proto: https\r\n`
  const raw = new Raw(shop).send(`${HEAD}${lines}Content-Length: ${body.length}\r\n\r\n${body}`)
  raw.socket.end()
  await raw.closed
  assert.deepEqual((await visitor.session(shop, 'GET', SESSION)).data, { gone: 1 })
})
