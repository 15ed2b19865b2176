import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { memoryStore } from '@holdfast/memory'
import { Mac } from '../src/lib/mac.js'
import { Gate, interceptStore } from './support/stores.js'
import { AUDIENCE, KEY, OLD_KEY, World } from './support/world.js'

const THIRD_KEY = 'core-tests/third/Xq4LmV8nB1sK6tYwPzR'

test('a token of one cookie is refused under another, even where that one was seen before', async () => {
  const world = new World()
  const { token } = await world.signedIn()
  assert.equal(await world.whose(token), 'alice')
  for (const audience of ['__Host-other', '__host-session', '', '__Host-session ', 'session']) {
    const keys = world.sessions.tokenKeys(audience)
    assert.equal(keys.check(token), false, audience)
    const found = await world.sessions.resolve(token, { audience })
    assert.deepEqual(found, { status: 'rejected', reason: 'malformed' })
  }
  assert.equal(await world.whose(token), 'alice')
})

test('a token of one tenant is refused by another on the same keys and the same store', async () => {
  const store = memoryStore()
  const tenants = [undefined, 'a', 'b', '14:__Host-session'].map(
    (tenant) => new World({ store, ...(tenant === undefined ? {} : { tenant }) }),
  )
  for (const issuer of tenants) {
    const { token } = await issuer.signedIn()
    for (const reader of tenants)
      assert.equal(await reader.whose(token), reader === issuer ? 'alice' : 'malformed')
  }
})

test('cookie name and tenant cannot be split in another way to the same tag', async () => {
  const store = memoryStore()
  const id = 'a'.repeat(22)
  const verifier = 'b'.repeat(43)
  const tokens = [
    ['ab', 'c'],
    ['a', 'bc'],
    ['abc', ''],
    ['', 'abc'],
    ['a1:b', 'c'],
    ['a', '1:bc'],
  ].map(([audience = '', tenant = '']) =>
    new World({ store, tenant }).sessions.tokenKeys(audience).issue(id, verifier),
  )
  assert.equal(new Set(tokens).size, tokens.length)
})

test('a CSRF token is no session token, nor the other way round', async () => {
  const world = new World()
  const browser = await world.signedIn()
  await browser.visit(async (session) => {
    const csrf = session.csrfToken()
    assert.equal(await world.whose(csrf), 'malformed')
    assert.equal(session.verifyCsrfToken(browser.token), false)
    assert.equal(session.verifyCsrfToken(csrf), true)
  })
})

test('the newest key signs, and every key of the ring verifies its own tokens', async () => {
  const store = memoryStore()
  const before = await new World({ store, keys: [OLD_KEY] }).signedIn()
  const world = new World({ store, keys: [KEY, OLD_KEY] })
  assert.equal(await world.whose(before.token), 'alice')
  const after = await world.signedIn('bob')
  assert.notEqual(before.token.slice(67, 71), after.token.slice(67, 71))
  const newest = new World({ store, keys: [KEY] })
  assert.equal(await newest.whose(after.token), 'bob')
  assert.equal(await newest.whose(before.token), 'malformed', 'its key was retired')
})

test('keys are replaced while running: new tokens at once, old ones until their key is retired', async () => {
  const world = new World({ keys: [OLD_KEY] })
  const first = await world.signedIn('first')
  assert.equal(await world.whose(first.token), 'first')
  world.sessions.setKeys([KEY, OLD_KEY])
  assert.equal(await world.whose(first.token), 'first')
  const second = await world.signedIn('second')
  assert.equal(
    second.token.slice(67, 71),
    new World({ keys: [KEY] }).keys.issue('a'.repeat(22), 'b'.repeat(43)).slice(67, 71),
  )
  world.sessions.setKeys([THIRD_KEY, KEY])
  assert.equal(await world.whose(first.token), 'malformed')
  assert.equal(await world.whose(second.token), 'second')
  world.sessions.setKeys([THIRD_KEY])
  assert.equal(await world.whose(second.token), 'malformed')
  world.sessions.setKeys([OLD_KEY])
  assert.equal(await world.whose(first.token), 'first', 'a retirement taken back')
})

test('a weak ring is refused while running and the present one goes on', async () => {
  const world = new World()
  const { token } = await world.signedIn()
  assert.throws(() => world.sessions.setKeys(['secret']), { code: 'ERR_SESSION_KEY_INVALID' })
  assert.throws(() => world.sessions.setKeys([]), { code: 'ERR_SESSION_KEY_INVALID' })
  assert.equal(await world.whose(token), 'alice')
  assert.equal(world.sessions.tokenKeys('later').check(token), false)
})

test('keys that are replaced reach every cookie name that is in use, and those asked for later', () => {
  const { sessions } = new World({ keys: [OLD_KEY] })
  const early = sessions.tokenKeys('early')
  const token = early.issue('a'.repeat(22), 'b'.repeat(43))
  sessions.setKeys([KEY])
  assert.equal(early.check(token), false)
  assert.equal(sessions.tokenKeys('early'), early)
  const late = sessions.tokenKeys('late').issue('a'.repeat(22), 'b'.repeat(43))
  assert.equal(late.slice(67, 71), early.issue('a'.repeat(22), 'b'.repeat(43)).slice(67, 71))
})

test('a token under a retired key is refused even if its check was under way when the key went', async () => {
  const inner = memoryStore()
  let gate: Gate | null = null
  const store = interceptStore(inner, (method) => (method === 'find' ? gate?.promise : undefined))
  const world = new World({ store })
  const { token } = await world.signedIn()
  gate = new Gate()
  const slow = world.whose(token)
  world.sessions.setKeys([THIRD_KEY])
  gate.open()
  await slow
  gate = null
  assert.equal(await world.whose(token), 'malformed')
  assert.equal(await world.whose(token), 'malformed')
})

test('an unknown key name is refused without trying any other key', async (t) => {
  const world = new World({ keys: [KEY, OLD_KEY, THIRD_KEY] })
  const { token } = await world.signedIn()
  const keys = world.sessions.tokenKeys(AUDIENCE)
  const methods = Object.getOwnPropertyNames(Mac.prototype).filter((name) => name !== 'constructor')
  const mocks = methods.map((name) => mock.method(Mac.prototype, name as 'compute'))
  t.after(() => mock.restoreAll())
  const macs = (): number => mocks.reduce((sum, { mock: { calls } }) => sum + calls.length, 0)
  for (const name of ['0000', 'zzzz', 'AAAA', token.slice(67, 71).toLowerCase()]) {
    if (name === token.slice(67, 71)) continue
    assert.equal(keys.check(token.slice(0, 67) + name + token.slice(71)), false)
  }
  assert.equal(macs(), 0)
  assert.equal(keys.check(token), true)
  assert.ok(macs() > 0, 'this is how a MAC is counted')
})

test('two sessions of one subject never share a token, nor one session two verifiers', async () => {
  const world = new World()
  const tokens = new Set<string>()
  const verifiers = new Set<string>()
  for (let at = 0; at < 20; at++) {
    const browser = await world.signedIn()
    for (let turn = 0; turn < 5; turn++) {
      tokens.add(browser.token)
      verifiers.add(browser.token.slice(23, 66))
      await browser.visit((session) => session.rotate())
    }
  }
  assert.equal(tokens.size, 100)
  assert.equal(verifiers.size, 100)
})
