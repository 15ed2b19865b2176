import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { Proxy } from '../src/proxy.js'
import { now, pause } from '../src/time.js'

/** A proxy before a server that answers what it is told. */
async function behindProxy(t: TestContext): Promise<{ proxy: Proxy; connect: () => Socket }> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await Proxy.to((server.address() as AddressInfo).port)
  t.after(async () => {
    await proxy.close()
    server.close()
  })
  return {
    proxy,
    connect: () => {
      const socket = createConnection(proxy.port, '127.0.0.1')
      socket.on('error', () => undefined)
      t.after(() => socket.destroy())
      return socket
    },
  }
}

async function echo(socket: Socket, text: string): Promise<string> {
  let answer = ''
  const listen = (chunk: Buffer): unknown => (answer += chunk.toString())
  socket.on('data', listen)
  socket.write(text)
  const end = now() + 300
  while (answer.length < text.length && !socket.destroyed && now() < end) await pause(2)
  socket.off('data', listen)
  return answer
}

test('the proxy passes, cuts, refuses and swallows', async (t) => {
  const { proxy, connect } = await behindProxy(t)
  const first = connect()
  assert.equal(await echo(first, 'one'), 'one')
  proxy.cut()
  await once(first, 'close')
  const second = connect()
  assert.equal(await echo(second, 'two'), 'two')
  proxy.set({ kind: 'blackhole' })
  assert.equal(await echo(second, 'three'), '')
  proxy.set({ kind: 'none' })
  await once(second, 'close')
  proxy.set({ kind: 'refuse' })
  const third = connect()
  await once(third, 'close')
  proxy.set({ kind: 'none' })
  assert.equal(await echo(connect(), 'four'), 'four')
})

test('delayed and throttled bytes arrive late, whole and in their order', async (t) => {
  const { proxy, connect } = await behindProxy(t)
  const socket = connect()
  proxy.set({ kind: 'delay', milliseconds: 20 })
  const text = Array.from({ length: 30 }, (_, n) => `line ${n}\n`)
  const started = now()
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  for (const [n, line] of text.entries()) {
    if (n === 20) proxy.set({ kind: 'none' })
    socket.write(line)
    await pause(1)
  }
  while (answer.length < text.join('').length && now() < started + 5000) await pause(5)
  assert.equal(answer, text.join(''))
  assert.ok(now() - started >= 40, 'each way')
})

test('a half-close and a silent push channel leave the rest alone', async (t) => {
  const { proxy, connect } = await behindProxy(t)
  const [push, other] = [connect(), connect()]
  assert.equal(await echo(push, 'SUBSCRIBE x'), 'SUBSCRIBE x')
  proxy.set({ kind: 'blackhole' }, 'push')
  assert.equal(await echo(push, 'one'), '')
  assert.equal(await echo(other, 'one'), 'one')
  proxy.halfClose()
  await once(other, 'end')
})

test('garbage has the length of the answer and nothing else of it', async (t) => {
  const { proxy, connect } = await behindProxy(t)
  const socket = connect()
  proxy.set({ kind: 'garbage' })
  const asked = 'a question that is answered'
  socket.write(asked)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  assert.equal(chunk.length, asked.length)
  assert.notEqual(chunk.toString('latin1'), asked)
  proxy.set({ kind: 'none' })
  await once(socket, 'close')
  assert.equal(await echo(connect(), 'well'), 'well')
})

test('a port that is shut refuses, and is the same when it is opened again', async (t) => {
  const { proxy, connect } = await behindProxy(t)
  const { port } = proxy
  const before = connect()
  assert.equal(await echo(before, 'one'), 'one')
  await proxy.shut()
  const socket = createConnection(port, '127.0.0.1')
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
  await proxy.open()
  assert.equal(proxy.port, port)
  assert.equal(await echo(connect(), 'two'), 'two')
})
