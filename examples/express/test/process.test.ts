import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Client } from './lib/client.js'
import { runToEnd, type SiteProcess, startProcess } from './lib/process.js'
import { privateFolder } from './lib/site.js'

const folder = privateFolder('process-')
after(() => folder.remove())

describe('the site as a process', () => {
  test('it says where it is, who can sign in, and what to try', async () => {
    const site = await startProcess(join(folder.path, 'first'))
    const { code } = await site.end('SIGTERM')
    assert.match(site.output(), /^ready: https:\/\/localhost:\d+$/m)
    assert.match(site.output(), /demo1 and demo2, password holdfast-demo/)
    assert.match(site.output(), /curl -k/)
    assert.equal(code, 0)
  })

  test('SIGINT ends it in peace, too, with connections open', async () => {
    const site = await startProcess(join(folder.path, 'first'))
    await site.client().get('/')
    assert.deepEqual(await site.end('SIGINT'), { code: 0 })
  })

  test('all that it keeps is for the owner only', () => {
    const data = join(folder.path, 'first')
    const seen = [
      data,
      ...readdirSync(data, { recursive: true }).map((name) => join(data, String(name))),
    ]
    assert.ok(seen.length >= 5)
    for (const path of seen) {
      const stat = statSync(path)
      assert.equal((stat.mode & 0o777).toString(8), stat.isDirectory() ? '700' : '600', path)
    }
  })

  test('it answers on this machine only', async () => {
    const site = await startProcess(join(folder.path, 'first'))
    const port = Number(new URL(site.origin).port)
    const lines = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8')
    await site.end('SIGTERM')
    const hex = port.toString(16).toUpperCase().padStart(4, '0')
    const listening = lines.split('\n').filter((line) => new RegExp(`:${hex} \\S+ 0A `).test(line))
    assert.equal(listening.length, 1)
    assert.match(listening[0] ?? '', / 0100007F:/)
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`sessions, their data and what was ended survive ${signal}`, async () => {
      const data = join(folder.path, signal)
      const first = await startProcess(data)
      const { stays, ended } = await useSite(first)
      await first.end(signal)
      const second = await startProcess(data)
      const [kept, gone] = [adopt(second, stays), adopt(second, ended)]
      const answers = [await kept.get('/me'), await kept.get('/data'), await gone.get('/me')]
      await second.end(signal)
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 401],
      )
      assert.deepEqual(answers[1]?.json, { note: 'kept' })
    })
  }

  test('killed right after it acknowledged, five times: nothing acknowledged is lost, nobody ended is back', async () => {
    const data = join(folder.path, 'again')
    let site = await startProcess(data)
    let visitor = site.client()
    await visitor.signIn()
    for (let round = 1; round <= 5; round++) {
      const ended = site.client()
      await ended.signIn()
      const copy = ended.clone()
      await Promise.all([
        visitor.send('PUT', `/data/round${round}`, { json: { value: round } }),
        ended.post('/logout'),
      ])
      await site.end('SIGKILL')
      site = await startProcess(data)
      visitor = adopt(site, visitor)
      assert.equal((await adopt(site, copy).get('/me')).status, 401)
      const kept = (await visitor.get('/data')).json as object
      assert.equal(Object.keys(kept).length, round)
    }
    await site.end('SIGKILL')
  })
})

describe('where it cannot start it says why, in one message', () => {
  const data = join(folder.path, 'errors')

  for (const PORT of ['abc', '-1', '65536', '1.5', '0x50']) {
    test(`PORT=${JSON.stringify(PORT)}`, async () => {
      refused(
        await runToEnd({ PORT, HOLDFAST_DATA: data }),
        /PORT must be a number from 0 to 65535/,
      )
    })
  }

  test('the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const end = await runToEnd({ PORT: port, HOLDFAST_DATA: data })
    other.close()
    refused(end, new RegExp(`port ${port} is taken`))
  })

  test('the data folder is a file', async () => {
    const file = join(folder.path, 'file')
    writeFileSync(file, '')
    refused(
      await runToEnd({ PORT: '0', HOLDFAST_DATA: file }),
      /cannot write to the data folder .*file/,
    )
    refused(
      await runToEnd({ PORT: '0', HOLDFAST_DATA: join(file, 'below') }),
      /cannot write to the/,
    )
  })

  const notRoot = process.getuid?.() === 0 ? false : 'needs root, to become another user'
  test('the data folder is not writable', { skip: notRoot }, async () => {
    const locked = join(folder.path, 'locked')
    mkdirSync(locked, { mode: 0o755 })
    const end = await runToEnd({ PORT: '0', HOLDFAST_DATA: locked, NODE_OPTIONS: '' }, 65_534)
    refused(end, /cannot write to the data folder .*locked \(E\w+\); set HOLDFAST_DATA/)
  })

  test('the keys are unfit', async () => {
    const weak = join(folder.path, 'weak')
    mkdirSync(weak)
    writeFileSync(join(weak, 'session.keys'), 'short\n')
    refused(await runToEnd({ PORT: '0', HOLDFAST_DATA: weak }), /at least 32/)
  })

  test('a certificate that is damaged or of another key is made anew', async () => {
    const damaged = join(folder.path, 'damaged')
    mkdirSync(damaged)
    writeFileSync(join(damaged, 'localhost.pem'), 'no certificate')
    chmodSync(join(damaged, 'localhost.pem'), 0o644)
    const site = await startProcess(damaged)
    const answer = await site.client().get('/login')
    await site.end('SIGTERM')
    assert.equal(answer.status, 200)
    assert.equal(statSync(join(damaged, 'localhost.pem')).mode & 0o777, 0o600)
    assert.ok(existsSync(join(damaged, 'session.keys')))
  })
})

function refused(end: { readonly code: number | null; readonly said: string }, why: RegExp): void {
  assert.equal(end.code, 1)
  assert.match(end.said, why)
  assert.equal(end.said.trim().split('\n').length, 1, end.said)
  assert.doesNotMatch(end.said, /\n\s+at /)
}

/** One session that goes on and one that is ended, both with what they hold. */
async function useSite(
  site: SiteProcess,
): Promise<{ readonly stays: Client; readonly ended: Client }> {
  const [stays, ended] = [site.client(), site.client()]
  await stays.signIn()
  await ended.signIn()
  await stays.send('PUT', '/data/note', { json: { value: 'kept' } })
  const { sessionId } = (await ended.get('/me')).json as { sessionId: string }
  const answer = await stays.post(`/sessions/${sessionId}/revoke`)
  assert.equal(answer.status, 200)
  return { stays, ended }
}

/** The same visitor at the site's next process, which has another port. */
function adopt(site: SiteProcess, visitor: Client): Client {
  return visitor.clone(site.client())
}
