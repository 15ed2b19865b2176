import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { after, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Head, readHead } from '../src/lib/lean/head.js'
import { freshPath } from './support/folders.js'
import { BAD, type Case, GOOD, LIMIT } from './support/heads.js'
import { newSeed, seeded } from '@holdfast/test-servers/random'
import { Site } from './support/site.js'
import { headerOf, Wire } from './support/wire.js'

const site = await Site.open({ limits: { headers: LIMIT } })
const HEALTHZ = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'

/** The statuses that one connection gives to a text that is sent in two pieces, with a good request after it. */
async function statuses({ text }: Case, cut: number): Promise<readonly number[]> {
  const wire = site.wire()
  wire.send(text.slice(0, cut))
  // The server runs in this process: after two turns it has read the first piece.
  await turn()
  await turn()
  wire.send(text.slice(cut) + HEALTHZ)
  const found: number[] = []
  for (let answer = await wire.answer(); answer !== null; answer = await wire.answer()) {
    found.push(answer.status)
    if (headerOf(answer, 'connection') === 'close' || found.length === 2) break
  }
  const [last] = found.slice(-1)
  if (found.length < 2) assert.equal(await wire.rest(), '', `nothing follows ${last}`)
  await wire.close()
  return found
}

/** Cuts of a text: at every byte, but for the long runs in which one is like the other. */
function cutsOf(text: string): readonly number[] {
  const all = Array.from({ length: text.length + 1 }, (_, at) => at)
  return text.length < 200
    ? all
    : all.filter((at) => at < 60 || at > text.length - 10 || at % 50 < 2)
}

test('heads in unusual forms are understood, wherever they are cut', async () => {
  for (const each of GOOD) {
    const closes = /connection:.*close/i.test(each.text)
    const old = each.text.includes('HTTP/1.0') && !each.text.includes('Keep-Alive')
    const expected = closes || old ? [each.status] : [each.status, 200]
    for (const cut of cutsOf(each.text))
      assert.deepEqual(await statuses(each, cut), expected, `${each.what}, cut at ${cut}`)
  }
})

test('heads that are not HTTP/1.1 to the letter are refused with the connection, wherever they are cut', async () => {
  for (const each of BAD) {
    for (const cut of cutsOf(each.text))
      assert.deepEqual(await statuses(each, cut), [each.status], `${each.what}, cut at ${cut}`)
  }
})

test('another method than GET and HEAD is told so', async () => {
  const wire = site.wire()
  wire.send('DELETE /v1/check HTTP/1.1\r\nHost: a\r\n\r\n')
  const answer = await wire.answer()
  assert.ok(answer !== null)
  assert.equal(answer.status, 405)
  assert.equal(headerOf(answer, 'allow'), 'GET, HEAD')
  await wire.close()
})

test('a refusal is a problem that says no more than its code', async () => {
  const wire = site.wire()
  wire.send('GET /secret HTTP/1.1\r\nCookie : secret\r\n\r\n')
  const answer = await wire.answer()
  assert.ok(answer !== null)
  assert.equal(headerOf(answer, 'content-type'), 'application/problem+json')
  assert.equal(headerOf(answer, 'connection'), 'close')
  assert.deepEqual(JSON.parse(answer.body), {
    type: 'about:blank',
    title: 'Bad Request',
    status: 400,
    code: 'ERR_DAEMON_REQUEST',
  })
  await wire.close()
})

interface Meaning {
  readonly method: string
  readonly target: string
  readonly keepsAlive: boolean
  readonly fields: Readonly<Record<string, readonly string[]>>
}

const path = freshPath()
const meanings: Meaning[] = []
const reference = createServer({ requireHostHeader: false }, (req, res) => {
  meanings.push({
    method: req.method ?? '',
    target: req.url ?? '',
    keepsAlive: res.shouldKeepAlive,
    fields: fieldsOf(req),
  })
  res.end()
}).listen(path)
reference.on('upgrade', (_req, socket) => socket.destroy())
await once(reference, 'listening')
after(() => reference.close())

function fieldsOf({ rawHeaders }: IncomingMessage): Record<string, string[]> {
  const fields: Record<string, string[]> = {}
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    (fields[(rawHeaders[at] ?? '').toLowerCase()] ??= []).push(rawHeaders[at + 1] ?? '')
  // Nobody asks for names of other characters.
  for (const name of Object.keys(fields)) if (!/^[a-z0-9-]+$/.test(name)) delete fields[name]
  return fields
}

/** What our own reader makes of a head; null if it is refused. */
function ours(text: string, names: readonly string[]): Meaning | null {
  const head = readHead(Buffer.from(text, 'latin1'), text, 0, text.indexOf('\r\n\r\n'))
  if (!(head instanceof Head)) return null
  const fields: Record<string, readonly string[]> = {}
  for (const name of names) {
    const value = head.header(name) ?? []
    fields[name] = typeof value === 'string' ? [value] : value
  }
  const { isHead, target, keepsAlive } = head
  return { method: isHead ? 'HEAD' : 'GET', target, keepsAlive, fields }
}

/** What node:http makes of it; undefined if it refuses it. */
async function theirs(text: string): Promise<Meaning | undefined> {
  meanings.length = 0
  const wire = new Wire(path)
  wire.send(text)
  await wire.answer(text.startsWith('HEAD'))
  await wire.close()
  return meanings[0]
}

test('what is understood means the same to node:http', async () => {
  for (const { what, text } of GOOD) {
    if (/upgrade/i.test(text)) continue
    const reading = await theirs(text)
    assert.ok(reading !== undefined, what)
    assert.deepEqual(ours(text, Object.keys(reading.fields)), reading, what)
  }
})

test('of 3,000 heads with random damage, none means to us what it does not mean to node:http', async (t) => {
  const seed = newSeed()
  t.diagnostic(`seed ${seed}`)
  const random = seeded(seed)
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
  // No tab: node:http does not take one for a blank after `close` and `0`, as RFC 9110 §5.5 has it.
  const pieces = ['\r', '\n', '\r\n', ' ', ':', '\u0000', ',', 'Host: b\r\n', 'x', '\u00e9', '']
  const more = [
    'Cookie: a=1; b=2\r\n',
    'Connection: close\r\n',
    'Content-Length: 0\r\n',
    'X-A: b\r\n',
  ]
  let understood = 0
  for (let round = 0; round < 3_000; round++) {
    const lines = Array.from({ length: Math.floor(random() * 4) }, () => pick(more) ?? '')
    let text = `${pick(['GET', 'HEAD'])} /v1/check?a=b HTTP/1.1\r\nHost: a\r\n${lines.join('')}\r\n`
    const damage = Math.floor(random() * 3)
    for (let count = 0; count < damage; count++) {
      const at = Math.floor(random() * (text.length - 4))
      text = text.slice(0, at) + (pick(pieces) ?? '') + text.slice(at + Math.floor(random() * 3))
    }
    // Where it is cut short, there is nothing yet to disagree about.
    if (!text.includes('\r\n\r\n')) continue
    const text1 = text.slice(0, text.indexOf('\r\n\r\n') + 4)
    const own = ours(text1, [])
    if (own === null) continue
    understood += 1
    const reading = await theirs(text1)
    assert.ok(reading !== undefined, JSON.stringify(text1))
    assert.deepEqual(ours(text1, Object.keys(reading.fields)), reading, JSON.stringify(text1))
  }
  assert.ok(understood > 500, `${understood} were understood`)
})
