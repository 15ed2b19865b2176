import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionError } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'
import { linesOf, NAVIGATION, tokenOf } from './support/asking.js'
import { MINUTE, Site } from './support/site.js'
import { headerOf, headText } from './support/wire.js'

/** A store across a network, which waits for the test before each answer. */
function laterStore(gate: () => Promise<unknown>): SessionStore {
  const inner = memoryStore()
  const later = <Args extends readonly unknown[], T>(run: (...args: Args) => T | Promise<T>) => {
    return async (...args: Args): Promise<T> => {
      await gate()
      return run(...args)
    }
  }
  return {
    capabilities: { ...inner.capabilities, push: false },
    insert: later((record, admission) => inner.insert(record, admission)),
    find: later((id) => inner.find(id)),
    update: later((id, change) => inner.update(id, change)),
    revoke: later((target, ending) => inner.revoke(target, ending)),
    list: later((subject, page) => inner.list(subject, page)),
    sweep: later((now, limit) => inner.sweep(now, limit)),
    epoch: later(() => inner.epoch()),
    close: () => inner.close(),
  }
}

/** What would keep the process from ending. */
function timersLeft(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

const PATHS = ['/v1/check', '/v1/check/optional', '/v1/forward-auth']

test('a store that is down refuses everybody with a token, and signs nobody out', async () => {
  let isDown = false
  const store = laterStore(async () => {
    if (isDown) throw new SessionError('ERR_SESSION_STORE_UNAVAILABLE', 'down for the test')
  })
  const site = await Site.open({ sessions: { store } })
  const token = await site.signIn()
  assert.equal((await site.ask({ token })).status, 204)
  isDown = true
  for (const path of PATHS) {
    const answer = await site.ask({ path, token, lines: NAVIGATION })
    assert.equal(answer.status, 503)
    assert.match(answer.body, /"code":"ERR_SESSION_STORE_UNAVAILABLE"/)
    assert.doesNotMatch(answer.body, /down for the test/)
    assert.equal(headerOf(answer, 'x-session-assertion'), undefined)
    assert.equal(headerOf(answer, 'x-accel-expires'), '0')
    assert.equal(headerOf(answer, 'retry-after'), '1')
    assert.equal(tokenOf(answer), null)
  }
  isDown = false
  assert.equal((await site.ask({ token })).status, 204, 'at once')
  await site.close()
})

test('a store that does not answer is given up, and the next request is served', async () => {
  let hangs = false
  const store = laterStore(() => (hangs ? new Promise<void>(() => undefined) : Promise.resolve()))
  const site = await Site.open({ sessions: { store, storeTimeout: 30 } })
  const token = await site.signIn()
  hangs = true
  const answer = await site.ask({ token })
  assert.equal(answer.status, 503)
  assert.match(answer.body, /"code":"ERR_SESSION_STORE_TIMEOUT"/)
  hangs = false
  assert.equal((await site.ask({ token })).status, 204)
  await site.close()
})

test('a slow store makes requests wait, each for itself, and keeps the order of one connection', async () => {
  const waiting: (() => void)[] = []
  let isSlow = false
  const store = laterStore(() =>
    isSlow ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve(),
  )
  const site = await Site.open({ sessions: { store, storeTimeout: 20_000 } })
  const [ada, bob] = [await site.signIn('ada'), await site.signIn('bob')]
  isSlow = true
  const wire = site.wire()
  const ask = (token: string): string => headText('/v1/check', linesOf({ token }))
  wire.send(ask(ada) + headText('/healthz', []) + ask(bob))
  const other = site.wire()
  other.send(headText('/healthz', []))
  assert.equal((await other.answer())?.status, 200, 'while the first waits')
  isSlow = false
  for (const go of waiting) go()
  const answers = [await wire.answer(), await wire.answer(), await wire.answer()]
  assert.deepEqual(
    answers.map((answer) => answer?.status),
    [204, 200, 204],
  )
  const subjects = answers.map((answer) => (answer === null ? null : site.assertion(answer)?.sub))
  assert.deepEqual(subjects, ['ada', undefined, 'bob'])
  await Promise.all([wire.close(), other.close()])
  await site.close()
})

test('what a visitor who goes away has caused is written all the same', async () => {
  const waiting: (() => void)[] = []
  let isSlow = false
  const store = laterStore(() =>
    isSlow ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve(),
  )
  const site = await Site.open({ sessions: { store, storeTimeout: 20_000 } })
  const token = await site.signIn()
  site.now += 20 * MINUTE
  isSlow = true
  const wire = site.wire()
  const timers = timersLeft()
  // An answer that it has not read makes its end a reset.
  wire.socket.pause()
  const check = headText('/v1/check', linesOf({ token, lines: NAVIGATION }))
  wire.send(`${headText('/healthz', [])}${check}GET /heal`)
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await wire.close()
  while ((await site.connections()) > 0) await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  isSlow = false
  for (const go of waiting) go()
  const id = token.slice(0, 22)
  let seen = await site.sessions.get(id)
  while (seen?.lastSeenAt !== site.now) seen = await site.sessions.get(id)
  // The renewed token was lost with the answer: the old one brings it again.
  const again = await site.ask({ token, lines: NAVIGATION })
  assert.equal(again.status, 204)
  assert.notEqual(tokenOf(again), null)
  assert.ok(timersLeft() <= timers, 'the head that it had begun is not waited for')
  await site.close()
})

test('what nobody foresaw is a 500 for one request, and the daemon goes on', async () => {
  let isBroken = false
  const site = await Site.open({
    signs: () => {
      if (isBroken) throw new RangeError('unforeseen')
    },
  })
  const token = await site.signIn()
  isBroken = true
  const answer = await site.ask({ token })
  assert.equal(answer.status, 500)
  assert.doesNotMatch(answer.body, /unforeseen/)
  assert.ok(site.logged.some((line) => line.includes('unforeseen')))
  isBroken = false
  assert.equal((await site.ask({ token })).status, 204)
  await site.close()
})
