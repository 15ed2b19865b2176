import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { linesOf } from './support/asking.js'
import { Site } from './support/site.js'
import { headerOf, headText, type Wire, type WireAnswer } from './support/wire.js'

const site = await Site.open()
const HEALTHZ = headText('/healthz', [])
const OPEN_END = 'GET /healthz HTTP/1.1\r\nHost: a\r\nX: '

async function answered(wire: Wire, isHead = false): Promise<WireAnswer> {
  const answer = await wire.answer(isHead)
  assert.ok(answer !== null, 'the connection ended')
  return answer
}

test('a connection is kept for one request after the other', async () => {
  const wire = site.wire()
  const token = await site.signIn()
  for (let count = 0; count < 50; count++) {
    wire.send(headText('/v1/check', linesOf(count % 2 === 0 ? { token } : {})))
    const answer = await answered(wire)
    assert.equal(answer.status, count % 2 === 0 ? 204 : 401)
    assert.equal(headerOf(answer, 'connection'), undefined)
  }
  await wire.close()
})

test('requests that are sent at once are answered in their order', async () => {
  const wire = site.wire()
  const subjects = Array.from({ length: 300 }, (_, at) => (at % 3 === 0 ? null : `user-${at}`))
  const questions = await Promise.all(
    subjects.map(async (subject) =>
      headText('/v1/check', linesOf(subject === null ? {} : { token: await site.signIn(subject) })),
    ),
  )
  wire.send(questions.join(''))
  for (const subject of subjects) {
    const answer = await answered(wire)
    assert.equal(answer.status, subject === null ? 401 : 204)
    assert.equal(site.assertion(answer)?.sub ?? null, subject)
  }
  await wire.close()
})

test('a connection ends with its thousandth request, which says so', async () => {
  const wire = site.wire()
  wire.send(HEALTHZ.repeat(1_001))
  for (let n = 1; n < 1_000; n++) {
    const { status, lines } = await answered(wire)
    assert.deepEqual([status, lines.some(([name]) => name === 'connection')], [200, false])
  }
  assert.equal(headerOf(await answered(wire), 'connection'), 'close')
  assert.equal(await wire.answer(), null)
  await wire.close()
})

test('HEAD is answered as GET, without the body', async () => {
  const wire = site.wire()
  wire.send(headText('/v1/check', linesOf({ app: null }), 'HEAD') + HEALTHZ)
  const head = await answered(wire, true)
  assert.equal(head.status, 500)
  assert.ok(Number(headerOf(head, 'content-length')) > 0)
  assert.equal((await answered(wire)).status, 200, 'and nothing lies between them')
  wire.send(headText('/v1/check', linesOf({ token: await site.signIn() }), 'HEAD'))
  assert.equal((await answered(wire, true)).status, 204)
  await wire.close()
})

test('an answer without a body says so: none for 204, a length of 0 for the rest', async () => {
  const known = await site.ask({ token: await site.signIn() })
  assert.equal(headerOf(known, 'content-length'), undefined)
  assert.equal(headerOf(await site.ask(), 'content-length'), '0')
  assert.match(headerOf(known, 'date') ?? '', / GMT$/)
})

test('HTTP/1.0 is told whether the connection goes on', async () => {
  const wire = site.wire()
  wire.send('GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  assert.equal(headerOf(await answered(wire), 'connection'), 'keep-alive')
  wire.send('GET /healthz HTTP/1.0\r\n\r\n')
  assert.equal(headerOf(await answered(wire), 'connection'), 'close')
  assert.equal(await wire.rest(), '')
  await wire.close()
})

test('a client that sends no more still gets its answers', async () => {
  const wire = site.wire()
  wire.socket.end(HEALTHZ + HEALTHZ)
  assert.equal((await answered(wire)).status, 200)
  assert.equal((await answered(wire)).status, 200)
  assert.equal(await wire.rest(), '')
  await wire.close()
})

test('a head that takes too long is answered 408, however steadily it drips', async () => {
  const own = await Site.open({ limits: { headTimeout: 150 } })
  const wire = own.wire()
  wire.send(OPEN_END)
  const drip = setInterval(() => wire.send('a'), 20)
  const answer = await answered(wire)
  clearInterval(drip)
  assert.equal(answer.status, 408)
  assert.equal(headerOf(answer, 'connection'), 'close')
  assert.equal(await wire.rest(), '')
  await wire.close()
  await own.close()
})

test('a connection that waits between requests is not hurried', async () => {
  const own = await Site.open({ limits: { headTimeout: 20 } })
  const wire = own.wire()
  for (let count = 0; count < 2; count++) {
    wire.send(HEALTHZ)
    assert.equal((await answered(wire)).status, 200)
    await pause(60)
  }
  await wire.close()
  await own.close()
})

test('slow clients do not keep others waiting', async () => {
  const slow = Array.from({ length: 100 }, () => site.wire())
  for (const wire of slow) wire.send(OPEN_END)
  assert.equal((await site.ask({ token: await site.signIn() })).status, 204)
  for (const wire of slow) wire.send('x\r\n\r\n')
  for (const wire of slow) {
    assert.equal((await answered(wire)).status, 200)
    await wire.close()
  }
})

test('more connections than the settings allow are refused, and room is made by those that end', async () => {
  const own = await Site.open({ limits: { connections: 2 } })
  const [first, second] = [own.wire(), own.wire()]
  for (const wire of [first, second]) {
    wire.send(HEALTHZ)
    await answered(wire)
  }
  const third = own.wire()
  third.send(HEALTHZ)
  assert.equal(await third.answer(), null)
  await first.close()
  let status: number | undefined
  while (status === undefined) {
    const fourth = own.wire()
    fourth.send(HEALTHZ)
    status = (await fourth.answer())?.status
    await fourth.close()
  }
  assert.equal(status, 200)
  await Promise.all([second.close(), third.close()])
  await own.close()
})

test('a client that never reads its answers is read no further, and cut in the end', async () => {
  const own = await Site.open({ limits: { requestTimeout: 200 } })
  const wire = own.wire()
  wire.socket.pause()
  const many = headText('/else', []).repeat(500)
  let accepted = 0
  const closed = new Promise<void>((resolve) => wire.socket.once('close', () => resolve()))
  const feed = (): void => {
    while (!wire.socket.destroyed && accepted < 200) {
      accepted += 1
      if (!wire.socket.write(many)) {
        wire.socket.once('drain', feed)
        return
      }
    }
  }
  feed()
  await closed
  assert.ok(accepted < 200, `${accepted} pieces were taken`)
  assert.equal((await own.ask({ token: await own.signIn() })).status, 204)
  await own.close()
})

test('when the door closes, what has begun is answered, and everybody is told', async () => {
  const own = await Site.open()
  const [asked, begun, idle] = [own.wire(), own.wire(), own.wire()]
  for (const wire of [asked, begun, idle]) {
    wire.send(HEALTHZ)
    assert.equal(headerOf(await answered(wire), 'connection'), undefined)
  }
  begun.send(OPEN_END)
  const token = await own.signIn()
  await own.ask({ token })
  const drained = own.door.drain(20_000)
  asked.send(headText('/v1/check', linesOf({ token })))
  const last = await answered(asked)
  assert.deepEqual([last.status, headerOf(last, 'connection')], [204, 'close'])
  assert.equal(await asked.rest(), '')
  assert.equal(await idle.answer(), null, 'who says nothing is not waited for')
  begun.send('x\r\n\r\n')
  const late = await answered(begun)
  assert.deepEqual([late.status, headerOf(late, 'connection')], [200, 'close'])
  await Promise.all([asked, begun, idle].map((wire) => wire.close()))
  await drained
  await own.close()
})

test('when the door closes, those who do not come to an end are cut', async () => {
  const own = await Site.open()
  const wire = own.wire()
  wire.send(OPEN_END)
  while ((await own.connections()) === 0) await pause(5)
  await own.door.drain(50)
  assert.equal(await wire.answer(), null)
  await own.close()
})
