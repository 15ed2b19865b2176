import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { countedStore } from './support/stores.js'
import { World } from './support/world.js'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const MB = 1024 * 1024
/** What a flat heap may differ by after a full collection; one record or entry each would take more than 100 MB. */
const FLAT = 4 * MB

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapUsed(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

function digits(value: number, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 62))
    text = ALPHABET.charAt(rest % 62) + text
  return text
}

/** Forgeries of a real token, a kind for each remainder: right shape and key name, then ever further off. */
function forgery(token: string, count: number): string {
  const number = digits(count + 1, 12)
  switch (count % 8) {
    case 0:
    case 1:
    case 2:
      return token.slice(0, 83) + number
    case 3:
      return number + token.slice(12)
    case 4:
      return token.slice(0, 30) + number + token.slice(42)
    case 5:
      return token.slice(0, 67) + number + token.slice(79)
    case 6:
      return token + number
    default:
      return number
  }
}

test('a million forged or malformed tokens: no store call, no session, and a flat heap', async () => {
  const { store, take } = countedStore()
  const world = new World({ store })
  const { token } = await world.signedIn()
  assert.equal(await world.whose(token), 'alice')
  const events = world.events.length
  // Without listeners, which would keep a million events.
  const { sessions } = new World({ store, quiet: true })
  const check = (from: number, to: number): void => {
    for (let count = from; count < to; count++) {
      const found = sessions.resolve(forgery(token, count))
      if (!('status' in found) || found.status !== 'rejected') assert.fail(`number ${count} passed`)
    }
  }
  check(0, 50_000)
  take()
  const before = heapUsed()
  for (let from = 50_000; from < 1_050_000; from += 50_000) check(from, from + 50_000)
  const growth = heapUsed() - before
  assert.equal(take(), 'none')
  assert.ok(growth < FLAT, `the heap grew by ${(growth / MB).toFixed(1)} MB`)
  assert.equal(world.events.length, events)
  assert.equal(await world.whose(token), 'alice')
})

test('well-signed tokens of sessions that do not exist: one look, no write, and they are never adopted', async () => {
  const { store, take } = countedStore()
  const world = new World({ store })
  for (let count = 0; count < 500; count++) {
    const id = digits(count, 22)
    const token = world.keys.issue(id, digits(count, 43))
    assert.equal(await world.whose(token), 'unknown')
    assert.equal(take(), 'find 1')
    assert.equal(await world.store.find(id), null)
    take()
  }
  assert.equal(world.named('session_rejected').length, 500)
})

test('a well-formed foreign token, used to write or sign in, gets a session of a new id', async () => {
  const world = new World()
  const id = 'f'.repeat(22)
  const token = world.keys.issue(id, 'v'.repeat(43))
  for (const subject of [null, 'alice']) {
    const open = await world.open(token)
    const { session, commit } = { session: world.sessionOf(open), commit: () => open.commit() }
    if (subject === null) session.set('a', 1)
    else await session.authenticate(subject)
    const action = await commit()
    assert.ok(action.kind === 'set' && !action.token.startsWith(id))
    assert.notEqual(session.id, id)
    assert.equal(await world.store.find(id), null)
  }
})

test('100,000 anonymous requests that only read: no record, no cookie, no store call', async () => {
  const { store, calls, take } = countedStore()
  const world = new World({ store })
  for (let count = 0; count < 100_000; count++) {
    const open = world.sessions.open(world.keys, {
      token: null,
      rejection: null,
      address: '203.0.113.7',
      userAgent: 'crawler',
      countsAsActivity: true,
      refusal: null,
    })
    if (!('commit' in open)) return assert.fail('a store that answers at once made a promise')
    const session = world.sessionOf(open)
    if (session.get('cart') !== undefined || session.subject !== null || session.id !== null)
      assert.fail('there is something to read')
    const action = open.commit()
    if (!('kind' in action) || action.kind !== 'none') assert.fail('a cookie')
  }
  assert.equal(calls.insert, 0)
  assert.equal(take(), 'none')
  assert.equal(world.events.length, 0)
})
