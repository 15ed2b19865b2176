import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { createSessions, SessionError, type KeyInput } from '@holdfast/core'
import { memoryStore } from '@holdfast/memory'
import { KEY, OLD_KEY, wrong, World } from './support/world.js'

function start(keys: unknown): void {
  createSessions({ store: memoryStore(), keys: wrong(keys), sweepInterval: Infinity })
}

function failureOf(run: () => void): Error {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof Error)
    return error
  }
  return assert.fail('nothing was thrown')
}

/** Each bad ring, the key's own text where it must not appear, and the place that the message names. */
const weak: readonly (readonly [name: string, keys: readonly KeyInput[], place: string])[] = [
  ['an empty ring', [], 'keys'],
  ['an empty text', [''], 'keys[0]'],
  ['a sample', ['secret'], 'keys[0]'],
  ['a sample in capitals', ['Keyboard Cat'], 'keys[0]'],
  ['changeme', ['changeme'], 'keys[0]'],
  ['a repeated sample', ['keyboard cat'.repeat(4)], 'keys[0]'],
  ['a repeated sample, cut', ['changeme'.repeat(9).slice(0, 37)], 'keys[0]'],
  ['a sample as bytes', [Buffer.from('secret'.repeat(8))], 'keys[0]'],
  ['the sample of 32 characters', ['complex_password_at_least_32_characters_long'], 'keys[0]'],
  ['31 characters', ['hB5ZpF2mX8qRwT7vYcN4kL9jD3sG6aE'], 'keys[0]'],
  ['31 bytes', [randomBytes(31)], 'keys[0]'],
  ['31 bytes in a longer buffer', [new Uint8Array(randomBytes(64).buffer, 3, 31)], 'keys[0]'],
  ['one byte all over', [new Uint8Array(64).fill(7)], 'keys[0]'],
  ['one letter all over', ['a'.repeat(64)], 'keys[0]'],
  ['two bytes in turn', ['ab'.repeat(32)], 'keys[0]'],
  ['seven bytes in turn', ['abcdefg'.repeat(6)], 'keys[0]'],
  ['zeros', [new Uint8Array(32)], 'keys[0]'],
  ['a weak key behind a good one', [KEY, 'secret'], 'keys[1]'],
  ['the same key twice', [KEY, KEY], 'keys'],
  ['the same key as text and as bytes', [KEY, OLD_KEY, Buffer.from(KEY)], 'keys'],
]
for (const [name, keys, place] of weak) {
  test(`refused as a key: ${name}`, () => {
    const error = failureOf(() => start(keys))
    assert.ok(error instanceof SessionError)
    assert.equal(error.code, 'ERR_SESSION_KEY_INVALID')
    assert.ok(error.message.startsWith(`${place} `), error.message)
    assert.ok(!error.retryable)
    assertHidden(error, keys)
  })
}

const wrongTypes: readonly (readonly [name: string, keys: unknown, place: string])[] = [
  ['no keys', undefined, 'keys must be an array'],
  ['null', null, 'keys must be an array'],
  ['a text instead of an array', KEY, 'keys must be an array'],
  ['an object', { 0: KEY, length: 1 }, 'keys must be an array'],
  ['a set', new Set([KEY]), 'keys must be an array'],
  ['an unset environment variable', [undefined], 'keys[0] must be a string or a Uint8Array'],
  ['null among them', [KEY, null], 'keys[1] must be a string or a Uint8Array'],
  ['a number', [1234567890], 'keys[0] must be a string or a Uint8Array'],
  ['bytes as an array', [[...randomBytes(32)]], 'keys[0] must be a string or a Uint8Array'],
  ['an ArrayBuffer', [new ArrayBuffer(32)], 'keys[0] must be a string or a Uint8Array'],
  ['16-bit numbers', [new Uint16Array(32)], 'keys[0] must be a string or a Uint8Array'],
  ['a String object', [Object(KEY)], 'keys[0] must be a string or a Uint8Array'],
  ['a hole', Array(1), 'keys[0] must be a string or a Uint8Array'],
]
for (const [name, keys, message] of wrongTypes) {
  test(`a TypeError that names the place: keys is ${name}`, () => {
    const error = failureOf(() => start(keys))
    assert.equal(error.name, 'TypeError')
    assert.ok(error.message.startsWith(message), error.message)
    assertHidden(error, [KEY])
  })
}

function assertHidden(error: Error, keys: readonly KeyInput[]): void {
  const shown = inspect(error, { depth: 10, showHidden: true }) + String(error.stack)
  for (const key of keys) {
    if (key.length < 20) continue
    for (const form of ['utf8', 'hex', 'base64', 'base64url'] as const)
      assert.ok(!error.message.includes(Buffer.from(key).toString(form)))
    if (typeof key === 'string') assert.ok(!shown.includes(key))
  }
}

const good: readonly (readonly [name: string, keys: readonly KeyInput[]])[] = [
  ['32 random bytes', [randomBytes(32)]],
  ['32 characters', ['hB5ZpF2mX8qRwT7vYcN4kL9jD3sG6aE1']],
  ['11 characters of three bytes each', ['鍵盤鼠標電視機器人類史']],
  ['base64url of 32 bytes', [randomBytes(32).toString('base64url')]],
  ['a kilobyte', [randomBytes(1024)]],
  ['five keys', Array.from({ length: 5 }, () => randomBytes(32))],
  ['a sample inside a long text', [`secret/${KEY}`]],
]
for (const [name, keys] of good) {
  test(`taken as a key: ${name}`, async () => {
    const world = new World({ keys })
    assert.equal(await world.whose((await world.signedIn()).token), 'alice')
  })
}

test('a key as text and as its UTF-8 bytes is one and the same', async () => {
  const store = memoryStore()
  const { token } = await new World({ store, keys: [KEY] }).signedIn()
  assert.equal(await new World({ store, keys: [Buffer.from(KEY)] }).whose(token), 'alice')
  assert.equal(
    await new World({ store, keys: [new Uint8Array(Buffer.from(KEY))] }).whose(token),
    'alice',
  )
})

test('a key that the caller wipes afterwards goes on signing and verifying', async () => {
  const key = randomBytes(32)
  const world = new World({ keys: [key] })
  const { token } = await world.signedIn()
  key.fill(0)
  assert.equal(await world.whose(token), 'alice')
  assert.equal(await world.whose((await world.signedIn('bob')).token), 'bob')
  assert.equal(world.sessions.tokenKeys('later').check(token), false)
})
