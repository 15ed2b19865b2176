import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { SessionError } from '@holdfast/core'
import { decodeRecord, encodeRecord, type SessionRecord } from '@holdfast/core/store'
import { records, sessionIds } from './support/records.js'
import { HOUR, START, World } from './support/world.js'

const REFUSED = new Set(['ERR_SESSION_STORE_CORRUPT', 'ERR_SESSION_STORE_UNSUPPORTED'])

/** The code with which these bytes are refused; fails the test if they are read. */
function refusal(bytes: Uint8Array, id: string): string {
  try {
    decodeRecord(bytes, id)
  } catch (error) {
    assert.ok(error instanceof SessionError, String(error))
    assert.ok(REFUSED.has(error.code), error.code)
    return error.code
  }
  return assert.fail('it was read')
}

const full: SessionRecord = {
  id: 'AbCdEfGhIjKlMnOpQrStU1',
  verifierHash: Buffer.alloc(32, 200).toString('base64url'),
  rotatedAt: START + HOUR,
  previous: {
    verifierHash: Buffer.alloc(32, 7).toString('base64url'),
    sealed: Buffer.alloc(71, 99).toString('base64url'),
    supersededAt: START + HOUR + 1,
  },
  version: 300,
  generation: 2,
  epoch: 70_000,
  subject: 'alice ✓',
  createdAt: START,
  authenticatedAt: START - 5,
  methods: ['pwd', 'otp'],
  lastSeenAt: START + HOUR,
  idleDeadline: START + 2 * HOUR,
  absoluteDeadline: START + 24 * HOUR,
  persistent: true,
  client: { label: 'Firefox on Linux', address: '203.0.113.0/24', userAgent: 'Mozilla/5.0' },
  binding: 'zzz',
  data: new Map([
    ['app:cart', '["a"]'],
    ['shared:x', '"ü"'],
  ]),
  revokedAt: START + HOUR + 2,
  reason: 'logout',
}

test('any record is read as it was written', () => {
  fc.assert(
    fc.property(records, (record) => {
      assert.deepEqual(decodeRecord(encodeRecord(record), record.id), record)
    }),
    { numRuns: 3000, seed: 11 },
  )
})

test('a large record is read as it was written, also after a small one', () => {
  for (const size of [10, 200_000, 10]) {
    const record = { ...full, data: new Map([['app:k', JSON.stringify('ä'.repeat(size))]]) }
    assert.deepEqual(decodeRecord(encodeRecord(record), record.id), record)
  }
})

test('what is written stays as it is when the next record is written', () => {
  const first = encodeRecord(full)
  const copy = Uint8Array.from(first)
  encodeRecord({ ...full, subject: 'bob', data: new Map() })
  assert.deepEqual(Uint8Array.from(first), copy)
})

test('a record is read from the middle of a larger buffer', () => {
  const bytes = encodeRecord(full)
  const larger = new Uint8Array(bytes.length + 20)
  larger.set(bytes, 7)
  assert.deepEqual(decodeRecord(larger.subarray(7, 7 + bytes.length), full.id), full)
})

test('every single bit flipped is refused', () => {
  const bytes = encodeRecord(full)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Uint8Array.from(bytes)
    const at = bit >> 3
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7))
    const code = refusal(flipped, full.id)
    if (at > 0) assert.equal(code, 'ERR_SESSION_STORE_CORRUPT')
  }
})

test('a record cut at any length, or with bytes after it, is refused', () => {
  const bytes = encodeRecord(full)
  for (let length = 0; length < bytes.length; length++)
    assert.equal(refusal(bytes.subarray(0, length), full.id), 'ERR_SESSION_STORE_CORRUPT')
  for (const extra of [[0], [1], [0, 0, 0, 0], [...bytes]])
    assert.equal(
      refusal(Uint8Array.from([...bytes, ...extra]), full.id),
      'ERR_SESSION_STORE_CORRUPT',
    )
})

test('any record with some bytes altered, moved or cut is refused, never read as another', () => {
  fc.assert(
    fc.property(
      records,
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 1, max: 6 }),
      (record, numbers, count) => {
        const bytes = encodeRecord(record)
        const spoiled = Uint8Array.from(bytes)
        for (let left = count; left > 0; left--) {
          const at = Number(numbers.next().value) % spoiled.length
          spoiled[at] = Number(numbers.next().value) % 256
        }
        if (Buffer.compare(bytes, spoiled) !== 0) refusal(spoiled, record.id)
      },
    ),
    { numRuns: 2000, seed: 12 },
  )
})

test('any bytes at all are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), sessionIds, (bytes, id) => {
      refusal(bytes, id)
    }),
    { numRuns: 2000, seed: 13 },
  )
})

test("another session's record is refused under this key, and its id is not in the message", () => {
  const bytes = encodeRecord(full)
  const id = 'z'.repeat(22)
  assert.throws(
    () => decodeRecord(bytes, id),
    (error) => {
      assert.ok(error instanceof SessionError && error.code === 'ERR_SESSION_STORE_CORRUPT')
      assert.ok(error.message.includes(id) && !error.message.includes(full.id))
      return true
    },
  )
  assert.equal(refusal(bytes, full.id.toLowerCase()), 'ERR_SESSION_STORE_CORRUPT')
  assert.equal(refusal(bytes, ''), 'ERR_SESSION_STORE_CORRUPT')
})

test('a record of a newer format is unsupported, with advice; of none, corrupt', () => {
  const bytes = encodeRecord(full)
  const [format = 0] = bytes
  for (let other = 0; other < 256; other++) {
    if (other === format) continue
    const code = refusal(Uint8Array.from([other, ...bytes.subarray(1)]), full.id)
    const newer = other > format && other < 32
    assert.equal(code, newer ? 'ERR_SESSION_STORE_UNSUPPORTED' : 'ERR_SESSION_STORE_CORRUPT')
  }
  assert.throws(
    () => decodeRecord(Uint8Array.from([format + 1, ...bytes.subarray(1)]), full.id),
    /Upgrade/,
  )
})

test('a key that is no session id does not get into the message', () => {
  for (const id of ['../../etc/passwd', 'a\r\nb', '<script>', 'x'.repeat(10_000)])
    assert.throws(
      () => decodeRecord(encodeRecord(full), id),
      (error) => error instanceof Error && !error.message.includes(id),
    )
})

test('a record of a small session is small: subject, times, address and a user agent of 120 characters in 320 bytes', async () => {
  const world = new World()
  const browser = await world.signedIn('user-1234567890')
  const record = await world.record(browser.id)
  const client = { label: null, address: '203.0.113.0/24', userAgent: 'a'.repeat(120) }
  assert.ok(encodeRecord({ ...record, client }).length <= 320)
})
