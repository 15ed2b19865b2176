import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { KEY, World } from './support/world.js'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE62 = ALPHABET.split('')
const ID = fc.string({ unit: fc.constantFrom(...BASE62), minLength: 22, maxLength: 22 })
const VERIFIER = fc.string({ unit: fc.constantFrom(...BASE62), minLength: 43, maxLength: 43 })
const TEXT = fc.string({ unit: 'grapheme', maxLength: 40 })

function base62(value: number, length: number): string {
  const digits = Array.from({ length }, (_, at) => ALPHABET[Math.floor(value / 62 ** at) % 62])
  return digits.toReversed().join('')
}

function prefixed(...fields: readonly string[]): string {
  return fields.map((field) => `${field.length}:${field}`).join('')
}

/** The tag as the documents describe it, by `node:crypto`'s own HMAC. */
function referenceTag(
  key: string,
  audience: string,
  tenant: string,
  id: string,
  verifier: string,
): string {
  const name = createHash('sha256')
    .update(`holdfast/v1/key-id\u0001${key}`)
    .digest()
    .readUInt32BE(0)
  const keyId = base62(name % 62 ** 4, 4)
  const derived = createHmac('sha256', key).update('holdfast/v1/tag\u0001').digest()
  const input = prefixed('session', prefixed(audience, tenant), keyId) + `22:43:${id}-${verifier}`
  const mac = createHmac('sha256', derived).update(input).digest()
  const words = [0, 4, 8, 12].map((at) => base62(mac.readUInt32BE(at), 6))
  return keyId + words.join('')
}

test('a token is <id>-<verifier>-<tag> of 22, 43 and 28 letters and digits', async () => {
  const browser = await new World().signedIn()
  assert.match(browser.token, /^[0-9A-Za-z]{22}-[0-9A-Za-z]{43}-[0-9A-Za-z]{28}$/)
})

test('the tag is HMAC-SHA256 over the length-prefixed input, cut to 128 bits in base62', () => {
  fc.assert(
    fc.property(ID, VERIFIER, TEXT, TEXT, TEXT, (id, verifier, audience, tenant, more) => {
      const key = `${KEY}${more}`
      const keys = new World({ keys: [key], tenant }).sessions.tokenKeys(audience)
      const token = `${id}-${verifier}-${referenceTag(key, audience, tenant, id, verifier)}`
      assert.equal(keys.issue(id, verifier), token)
      assert.equal(keys.check(token), true)
    }),
    { numRuns: 300, seed: 4 },
  )
})

test('a tag is not moved to another id or verifier', () => {
  const { keys } = new World()
  fc.assert(
    fc.property(ID, VERIFIER, ID, VERIFIER, (id, verifier, otherId, otherVerifier) => {
      const tag = keys.issue(id, verifier).slice(67)
      assert.equal(keys.check(`${otherId}-${verifier}-${tag}`), otherId === id)
      assert.equal(keys.check(`${id}-${otherVerifier}-${tag}`), otherVerifier === verifier)
    }),
    { numRuns: 500, seed: 5 },
  )
})

/** Every character that may stand for another: all of latin1, and those whose low byte is `code`. */
function lookalikes(code: number): readonly number[] {
  const low = Array.from({ length: 256 }, (_, byte) => byte)
  const high = Array.from({ length: 255 }, (_, page) => code + 0x100 * (page + 1))
  return [...low, ...high].filter((other) => other !== code)
}

test('every character of a valid token altered: refused, whether the token was seen before or not', async () => {
  const world = new World()
  const { token } = await world.signedIn()
  assert.equal(await world.whose(token), 'alice')
  let refused = 0
  for (let at = 0; at < token.length; at++) {
    for (const other of lookalikes(token.charCodeAt(at))) {
      const altered = token.slice(0, at) + String.fromCharCode(other) + token.slice(at + 1)
      assert.equal(world.keys.check(altered), false)
      const found = world.sessions.resolve(altered)
      assert.deepEqual(found, { status: 'rejected', reason: 'malformed' })
      refused += 1
    }
  }
  assert.equal(refused, token.length * 510)
  assert.equal(await world.whose(token), 'alice', 'and the true one still passes')
})

test('a token cut at any length, or with anything before or after it, is refused', async () => {
  const world = new World()
  const { token } = await world.signedIn()
  const spoiled: string[] = []
  for (let length = 0; length < token.length; length++) {
    spoiled.push(token.slice(0, length), token.slice(token.length - length))
    spoiled.push(token.slice(0, length) + token.slice(length + 1))
  }
  for (let code = 0; code < 256; code++) {
    const char = String.fromCharCode(code)
    spoiled.push(token + char, char + token, token.slice(1) + char, char + token.slice(0, -1))
  }
  for (const space of [
    ' ',
    '\t',
    '\n',
    '\r\n',
    '\0',
    '\u00a0',
    '\u2028',
    '\ufeff',
    '"',
    "'",
    ';',
    ',',
  ]) {
    spoiled.push(space + token, token + space, space + token + space)
  }
  await refuses(world, token, spoiled)
})

test('a token in another case or encoding is refused', async () => {
  const world = new World()
  const { token } = await world.signedIn()
  const bytes = Buffer.from(token)
  const swapped = token.replaceAll(/[a-zA-Z]/g, (letter) =>
    letter < 'a' ? letter.toLowerCase() : letter.toUpperCase(),
  )
  const spoiled = [token.toUpperCase(), token.toLowerCase(), swapped]
  for (let at = 0; at < token.length; at++) {
    spoiled.push(token.slice(0, at) + (swapped[at] ?? '') + token.slice(at + 1))
    const code = token.charCodeAt(at)
    const hex = code.toString(16)
    for (const written of [`%${hex}`, `%${hex.toUpperCase()}`, `&#${code};`, `\\u00${hex}`, `+`]) {
      spoiled.push(token.slice(0, at) + written + token.slice(at + 1))
    }
  }
  for (const encoding of ['base64', 'base64url', 'hex', 'utf16le'] as const)
    spoiled.push(bytes.toString(encoding))
  spoiled.push(
    JSON.stringify(token),
    encodeURIComponent(`"${token}"`),
    `%${bytes.toString('hex').replaceAll(/(..)(?=.)/g, '$1%')}`,
    token
      .split('')
      .map((char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0))
      .join(''),
    token.normalize('NFKD').replaceAll('-', '\u2010'),
    token.replaceAll('-', '_'),
    token.replaceAll('-', '.'),
    `Bearer ${token}`,
    `__Host-session=${token}`,
  )
  await refuses(world, token, spoiled)
})

test('a token doubled, reversed or with its parts in another order is refused', async () => {
  const world = new World()
  const { token } = await world.signedIn()
  const other = (await world.signedIn('bob')).token
  const [id = '', verifier = '', tag = ''] = token.split('-')
  const [otherId = '', otherVerifier = '', otherTag = ''] = other.split('-')
  const reversed = token.split('').toReversed().join('')
  await refuses(world, token, [
    token + token,
    `${token}-${token}`,
    `${token}, ${token}`,
    reversed,
    [tag, verifier, id].join('-'),
    [verifier, id, tag].join('-'),
    [id, tag, verifier].join('-'),
    [id, verifier].join('-'),
    [id, verifier, tag, tag].join('-'),
    [id, verifier, otherTag].join('-'),
    [id, otherVerifier, tag].join('-'),
    [otherId, verifier, tag].join('-'),
    [otherId, verifier, otherTag].join('-'),
    `${token.slice(0, 71)}${'0'.repeat(24)}`,
    `${token.slice(0, 67)}${'0'.repeat(28)}`,
    '0'.repeat(22) + '-' + '0'.repeat(43) + '-' + '0'.repeat(28),
    '-'.repeat(token.length),
    '',
    'undefined',
    'x'.repeat(16_384),
  ])
})

async function refuses(world: World, token: string, spoiled: readonly string[]): Promise<void> {
  for (const text of spoiled) {
    if (text === token) continue
    assert.equal(world.keys.check(text), false)
    assert.equal(await world.whose(text), 'malformed')
  }
  assert.equal(await world.whose(token), 'alice')
}

test('anything but a text is no token', () => {
  const { sessions } = new World()
  for (const value of [undefined, 1, {}, ['a'], Buffer.from('a'), Symbol('a')]) {
    assert.throws(() => sessions.resolve(value as unknown as string), /^TypeError: token must be/)
  }
})
