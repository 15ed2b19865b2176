import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { SessionError } from '@holdfast/core'
import { createAdminDoor, type DaemonParts } from '@holdfast/daemon'
import { until } from '@holdfast/test-servers/wait'
import { ask, listen, type Place, target } from './support/ask.js'
import { freshPath } from './support/folders.js'
import { Raw } from './support/raw.js'
import { Visitor } from './support/visitor.js'
import { startWorld } from './support/world.js'

const world = await startWorld({
  heartbeat: 50,
  buffer: 64 * 1024,
  control: {
    rotateKeys: () =>
      Promise.reject(new SessionError('ERR_SESSION_CONFIG', 'the keys are in a file of yours')),
    reload: () => Promise.reject(new TypeError('secret of the code')),
  },
})
const { shop, admin } = world
/** Listeners, as long as nobody reads. */
const NOBODY = world.events.listenerCount('event')

/** A reader of the stream: its lines as they come. */
class Reader {
  readonly lines: Record<string, unknown>[] = []
  readonly response: IncomingMessage
  readonly ended: Promise<void>
  #text = ''
  #wake: () => void = () => undefined

  constructor(response: IncomingMessage) {
    this.response = response
    response.on('data', (data: Buffer) => this.#take(data.toString()))
    this.ended = new Promise((resolve) => {
      response.once('close', resolve)
    })
  }

  static open(place: Place, path = '/v1/events'): Promise<Reader> {
    return new Promise((resolve, reject) => {
      get({ ...target(place), path, agent: false }, (response) => resolve(new Reader(response))).on(
        'error',
        reject,
      )
    })
  }

  async until(wanted: (line: Record<string, unknown>) => boolean): Promise<void> {
    while (!this.lines.some(wanted)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #take(text: string): void {
    const parts = (this.#text + text).split('\n')
    this.#text = parts.pop() ?? ''
    for (const part of parts) this.lines.push(JSON.parse(part) as Record<string, unknown>)
    this.#wake()
  }
}

test('an administrator finds a session, its account, and ends them', async () => {
  const visitors = [new Visitor(), new Visitor(), new Visitor()] as const
  const [first, second, third] = visitors
  const { session } = await first.signIn(shop, 'mia')
  await second.signIn(shop, 'mia')
  await third.signIn(shop, 'nils')
  const id = session?.id ?? ''
  const shown = await ask(admin, 'GET', `/v1/sessions/${id}`)
  assert.equal((shown.json as { subject: string }).subject, 'mia')
  const revoke = async (json: object): Promise<unknown> =>
    (await ask(admin, 'POST', '/v1/revoke', { json })).json
  assert.deepEqual(await revoke({ session: id, reason: 'support' }), { count: 1 })
  assert.deepEqual(await revoke({ session: id }), { count: 0 })
  const after = await ask(admin, 'GET', `/v1/sessions/${id}`)
  assert.equal((after.json as { reason: string }).reason, 'support')
  assert.deepEqual(await revoke({ subject: 'mia' }), { count: 1 })
  assert.deepEqual(await revoke({ everyone: true }), { count: null })
  for (const visitor of visitors)
    assert.equal((await visitor.session(shop, 'GET', '/v1/session')).session, null)
})

test('keys, policy and status are shown, and what may not be done now is said', async () => {
  const keys = await ask(admin, 'GET', '/v1/keys')
  assert.deepEqual(keys.json, { managed: true, keys: [{ id: 'k1', createdAt: 1, signs: true }] })
  assert.equal((await ask(admin, 'POST', '/v1/keys/retire', { json: { id: 'old' } })).status, 200)
  const policy = await ask(admin, 'GET', '/v1/policy')
  assert.match((policy.json as { text: string }).text, /NIST SP 800-63B-4/)
  assert.equal((await ask(admin, 'GET', '/v1/status')).status, 200)
  for (const [path, json, words] of [
    ['/v1/keys/rotate', undefined, /the keys are in a file of yours/],
    ['/v1/keys/retire', { id: 'k9' }, /there is no key k9/],
  ] as const) {
    const answer = await ask(admin, 'POST', path, { json })
    assert.equal(answer.status, 409)
    assert.match(answer.text, words)
  }
})

test('an error that nobody foresaw is 500, is told to the operator and not to who asked', async () => {
  const answer = await ask(admin, 'POST', '/v1/reload')
  assert.equal(answer.status, 500)
  assert.match(answer.text, /ERR_DAEMON_FAILED/)
  assert.doesNotMatch(answer.text, /secret of the code/)
  assert.match(world.logged.splice(0).join('\n'), /secret of the code/)
})

test('events come one in a line, time and type first, of the kinds that were asked for', async () => {
  const all = await Reader.open(admin)
  assert.equal(all.response.headers['content-type'], 'application/jsonl')
  const some = await Reader.open(admin, '/v1/events?type=session_revoked,token_reuse')
  const visitor = new Visitor()
  const subject = 'otto\n{"type":"forged"}\u2028'
  await visitor.session(shop, 'POST', '/v1/session/authenticate', { subject })
  await visitor.ask(shop, 'POST', '/v1/session/revoke', { reason: 'logout' })
  await Promise.all([all, some].map((each) => each.until(({ type }) => type === 'session_revoked')))
  const kinds = all.lines.map(({ type }) => type).filter((type) => type !== 'heartbeat')
  assert.deepEqual(kinds, ['session_created', 'session_authenticated', 'session_revoked'])
  assert.ok(all.lines.some((line) => line['subject'] === subject))
  assert.deepEqual(Object.keys(all.lines[0] ?? {}).slice(0, 2), ['at', 'type'])
  assert.deepEqual(
    some.lines.map(({ type }) => type).filter((type) => type !== 'heartbeat'),
    ['session_revoked'],
  )
  for (const each of [all, some]) each.response.destroy()
})

test('a stream on which nothing happens says that it is alive', async () => {
  const head = await ask(admin, 'HEAD', '/v1/events')
  assert.deepEqual([head.status, head.text], [200, ''], 'a question for the head alone ends')
  const reader = await Reader.open(admin, '/v1/events?type=store_failed')
  await reader.until(({ type }) => type === 'heartbeat')
  reader.response.destroy()
})

test('a reader that is too slow is told how many events it has missed, and others miss none', async () => {
  const [slow, fast] = [await Reader.open(admin), await Reader.open(admin)]
  slow.response.pause()
  const count = 6_000
  const event = (at: number): object => ({
    type: 'session_rejected',
    at,
    tenant: null,
    client: { address: null, userAgent: 'x'.repeat(200) },
    sessionId: null,
    subject: null,
    reason: 'malformed',
  })
  for (let at = 0; at < count; at += 100) {
    for (let n = at; n < at + 100; n++) world.events.emit('event', event(n))
    // A turn for the one that reads.
    await fast.until((line) => Date.parse(String(line['at'])) === at + 99)
  }
  slow.response.resume()
  await slow.until(({ type }) => type === 'lost')
  world.events.emit('event', event(count))
  const isLast = (line: Record<string, unknown>): boolean =>
    Date.parse(String(line['at'])) === count
  await Promise.all([slow.until(isLast), fast.until(isLast)])
  const got = (reader: Reader): number =>
    reader.lines.filter(({ type }) => type === 'session_rejected').length
  const lost = slow.lines
    .filter(({ type }) => type === 'lost')
    .reduce((sum, line) => sum + Number(line['count']), 0)
  assert.ok(lost > 0)
  assert.equal(got(slow) + lost, count + 1)
  assert.equal(got(fast), count + 1)
  for (const each of [slow, fast]) each.response.destroy()
})

test('readers that have gone leave nothing behind, also those that were never answered', async () => {
  const followers = (): number => world.events.listenerCount('event')
  await until(() => followers() === NOBODY, 'those of other tests have gone')
  const stream = 'GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n'
  const raw = new Raw(admin).send(stream + stream)
  await raw.until(/200 OK/)
  await until(() => followers() === NOBODY + 2, 'both are taken')
  raw.socket.destroy()
  await until(() => followers() === NOBODY, 'nobody is told any more')
})

test('the door outlives the manager that a reload replaces', async () => {
  const [before, after] = [await startWorld(), await startWorld()]
  let current = before
  const parts = {
    ...before.parts,
    get sessions(): DaemonParts['sessions'] {
      return current.sessions
    },
  }
  const nothing = (): Promise<never> => Promise.reject(new TypeError('not asked for'))
  const control = { keys: nothing, rotateKeys: nothing, retireKey: nothing, reload: nothing }
  const door = createAdminDoor(parts, { ...control, status: nothing })
  const place = await listen(door, freshPath())
  const ids: string[] = []
  for (const each of [before, after])
    ids.push((await new Visitor().signIn(each.shop, 'tilo')).session?.id ?? '')
  const seen = async (): Promise<unknown> => {
    const { json } = await ask(place, 'GET', '/v1/sessions?subject=tilo')
    return (json as { sessions: { id: string }[] }).sessions.map(({ id }) => id)
  }
  assert.deepEqual(await seen(), [ids[0]])
  current = after
  assert.deepEqual(await seen(), [ids[1]])
  assert.equal((await ask(place, 'GET', `/v1/sessions/${ids[1]}`)).status, 200)
  await ask(place, 'POST', '/v1/revoke', { json: { subject: 'tilo' } })
  assert.deepEqual(await seen(), [])
  await door.drain(0)
})

test('a drain ends the streams, and what is under way is answered', async () => {
  const other = await startWorld()
  const reader = await Reader.open(other.admin)
  const drained = other.doors['admin']?.drain(5_000)
  await reader.ended
  await drained
  assert.ok(reader.response.complete, 'it ends, it is not cut')
  await assert.rejects(ask(other.admin, 'GET', '/healthz'))
})
