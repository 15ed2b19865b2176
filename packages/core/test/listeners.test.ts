import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionEvent, SessionListener } from '@holdfast/core'
import { request, wrong, World } from './support/world.js'

/** One request of each kind, with this listener on everything. */
async function live(listener: SessionListener): Promise<World> {
  const world = new World()
  world.sessions.on('*', listener)
  const browser = await world.anonymous()
  await browser.visit((session) => session.authenticate('alice'))
  await browser.visit((session) => session.rotate())
  assert.equal(await world.whose('forged'), 'malformed')
  await browser.visit((session) => session.set('a', 1))
  assert.equal(await world.whose(browser.token), 'alice')
  const { token } = browser
  await browser.visit((session) => session.revoke())
  assert.equal(await world.whose(token), 'revoked')
  await new Promise((resolve) => setImmediate(resolve))
  return world
}

const own = new Error('of the listener')
const listeners: readonly (readonly [string, SessionListener, fails: boolean])[] = [
  [
    'throws',
    (): never => {
      throw own
    },
    true,
  ],
  ['rejects', (): Promise<never> => Promise.reject(own), true],
  [
    'rejects later',
    async (): Promise<never> => {
      await new Promise((resolve) => setImmediate(resolve))
      throw own
    },
    true,
  ],
  ['never answers', (): Promise<never> => new Promise(() => undefined), false],
  ['answers with anything', (): unknown => ({ catch: 5 }), false],
]
for (const [name, listener, fails] of listeners) {
  test(`a listener that ${name} affects nothing but itself`, async () => {
    const unhandled: unknown[] = []
    const listen = (error: unknown): unknown => unhandled.push(error)
    process.on('unhandledRejection', listen)
    const world = await live(listener)
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listen)
    assert.deepEqual(unhandled, [])
    const failed = world.named('listener_failed')
    const others = world.events.filter(({ type }) => type !== 'listener_failed')
    assert.equal(failed.length, fails ? others.length : 0)
    for (const { event, error } of failed) {
      assert.equal(error, own)
      assert.ok(others.some(({ type }) => type === event))
    }
  })
}

test('what throws is the error of the request only where the request itself failed', async () => {
  const world = new World()
  world.sessions.on('session_created', () => {
    throw own
  })
  const { action } = await request(world, null, (session) => session.set('a', 1))
  assert.equal(action.kind, 'set')
})

test('what one listener does to an event the next does not see', async () => {
  const world = new World()
  const attempt = (event: SessionEvent): void => {
    const mutable = wrong<Record<string, unknown>>(event)
    try {
      mutable['sessionId'] = 'evil'
      mutable['type'] = 'session_renewed'
    } catch {
      return
    }
  }
  world.sessions.on('session_created', attempt)
  const seen: SessionEvent<'session_created'>[] = []
  world.sessions.on('session_created', (event) => seen.push(event))
  const browser = await world.signedIn()
  assert.deepEqual(
    seen.map(({ type, sessionId }) => [type, sessionId]),
    [['session_created', browser.id]],
  )
})

test('a listener that uses the sessions, or ends itself, while it is called', async () => {
  const world = new World()
  let calls = 0
  const end = world.sessions.on('session_created', async ({ sessionId }) => {
    calls += 1
    end()
    await world.sessions.revoke(sessionId)
  })
  const first = await world.signedIn()
  const second = await world.signedIn('bob')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(await world.whose(first.token), 'revoked')
  assert.equal(await world.whose(second.token), 'bob')
  assert.equal(calls, 1)
})
