import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { memoryStore } from '@holdfast/memory'
import { interceptStore } from './support/stores.js'
import { KEY, MINUTE, request, SECOND, World } from './support/world.js'

/** Everything that a log could hold of a value. */
function shown(value: unknown): string {
  const texts = [
    inspect(value, { depth: 10, showHidden: true, getters: true, maxStringLength: Infinity }),
    inspect(value),
    String(value),
  ]
  try {
    texts.push(JSON.stringify(value))
  } catch {
    // What cannot be written as JSON does not leak by it.
  }
  if (value instanceof Error) texts.push(String(value.stack), shown(value.cause ?? ''))
  return texts.join('\n')
}

async function failure(work: () => Promise<unknown>): Promise<unknown> {
  return await work().then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error,
  )
}

test('nothing that can be logged, listed or inspected holds a token, a verifier, a key or data', async () => {
  let down = false
  const store = interceptStore(memoryStore(), () =>
    down ? Promise.reject(new Error('connection reset')) : undefined,
  )
  const world = new World({ store, maxSessionsPerSubject: 3, onLimit: 'reject' })
  const issued = new Set<string>()
  const logged: unknown[] = [world.sessions, world.keys, world.sessions.policy]
  const keep = (token: string): string => {
    issued.add(token)
    return token
  }
  const browser = await world.anonymous({ secret: 'do not print me' })
  keep(browser.token)
  for (const work of ['authenticate', 'reauthenticate', 'rotate'] as const) {
    const { open, action } = await browser.visit((session) => {
      keep(session.csrfToken())
      logged.push(session)
      return work === 'authenticate' ? session.authenticate('alice') : session[work]()
    })
    logged.push(open, open.engine, world.sessionOf(open), Object.entries(open))
    assert.equal(action.kind, 'set')
    keep(browser.token)
  }
  world.clock.at += 16 * MINUTE
  await browser.visit(() => undefined)
  keep(browser.token)
  const found = await world.sessions.resolve(browser.token)
  logged.push(found)
  logged.push(await world.sessions.get(browser.id))
  for await (const info of world.sessions.list('alice')) logged.push(info)
  logged.push(await world.record(browser.id), world.store)
  await world.signedIn()
  await world.signedIn()
  logged.push(await failure(() => world.signedIn()))
  logged.push(
    await failure(() => browser.visit((session) => session.set('__proto__', 'do not print me'))),
  )
  logged.push(
    await failure(() =>
      browser.visit((session) => session.set('a', [1, Number('do not print me')])),
    ),
  )
  logged.push(await failure(() => browser.visit((session) => session.requireFresh({ maxAge: 0 }))))
  for (const token of [`${browser.token}x`, browser.token.toLowerCase()])
    logged.push(await world.open(token), await world.sessions.resolve(token))
  const late = await world.open(browser.token)
  await world.sessions.revoke(browser.id)
  world.sessionOf(late).set('a', 'do not print me')
  logged.push(await failure(async () => await late.commit()), late)
  for (const token of issued) logged.push(await world.open(token))
  down = true
  logged.push(
    await failure(() => world.open(keep(world.keys.issue('a'.repeat(22), 'b'.repeat(43))))),
  )
  logged.push(world.events, await failure(() => world.signedIn()))

  const all = logged.map(shown).join('\n')
  assert.ok(all.includes(browser.id), 'ids are public')
  assert.ok(issued.size > 7)
  for (const token of issued) {
    assert.ok(!all.includes(token), 'a token')
    for (const part of token.split('-').filter((each) => each.length > 22))
      assert.ok(!all.includes(part), 'a verifier or a tag')
    const verifier = token.slice(23, 66)
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      assert.ok(!all.includes(Buffer.from(verifier).toString(encoding)))
  }
  for (const encoding of ['utf8', 'hex', 'base64'] as const)
    assert.ok(!all.includes(Buffer.from(KEY).toString(encoding)), 'a key')
})

test('an event holds no data, and an error no data either', async () => {
  const world = new World({ maxDataBytes: 100 })
  const browser = await world.anonymous({ a: 'do not print me' })
  const errors = [
    await failure(() => browser.visit((session) => session.set('b', 'do not print me'.repeat(20)))),
    await failure(() =>
      browser.visit((session) => session.update('b', () => 'do not print me'.repeat(20))),
    ),
  ]
  world.clock.at += 11 * SECOND
  assert.ok(!shown(world.events).includes('do not print me'))
  for (const error of errors) assert.ok(!shown(error).includes('do not print me'))
})

test('a session as JSON is its id, its subject and its end', async () => {
  const world = new World()
  const browser = await world.signedIn()
  await browser.visit((session) => {
    session.set('a', 'private')
    const json: unknown = JSON.parse(JSON.stringify({ session }))
    const { id, expiresAt } = session
    assert.deepEqual(json, { session: { id, subject: 'alice', expiresAt } })
  })
  const { value } = await request(world, null, (session) => JSON.stringify(session))
  assert.equal(value, '{"id":null,"subject":null,"expiresAt":null}')
})
