import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createNonces } from '@holdfast/tokens'

const LIFETIME = 60_000
const START = 1_795_600_000_000 - (1_795_600_000_000 % LIFETIME)

test('a nonce is good for its lifetime and the next, and no longer', () => {
  let now = START
  const nonces = createNonces({ lifetime: LIFETIME, now: () => now })
  const nonce = nonces.issue()
  for (const [at, good] of [
    [START + 2 * LIFETIME - 1, true],
    [START + 2 * LIFETIME, false],
    [START - 1, false],
    [START, true],
  ] as const) {
    now = at
    assert.equal(nonces.accepts(nonce), good, String(at - START))
  }
  assert.equal(nonces.issue(), nonce)
  now = START + LIFETIME
  assert.notEqual(nonces.issue(), nonce)
})

test('servers that share secrets accept one another, old secrets included, and strangers do not', () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)]
  const now = (): number => START
  const before = createNonces({ secrets: () => [older], now })
  const after = createNonces({ secrets: () => [newer, older], now })
  assert.ok(after.accepts(before.issue()))
  assert.ok(!before.accepts(after.issue()))
  assert.ok(!createNonces({ now }).accepts(createNonces({ now }).issue()))
})

test('what is no nonce is not accepted', () => {
  const nonces = createNonces({ now: () => START })
  const nonce = nonces.issue()
  const [number = '', tag = ''] = nonce.split('.')
  const next = (Number.parseInt(number, 36) + 1).toString(36)
  const wrong = [undefined, '', '.', number, tag, `${number}.`, `.${tag}`, `${nonce} `, ` ${nonce}`]
  for (const text of [...wrong, `${next}.${tag}`, `0${nonce}`, nonce.toUpperCase(), `${nonce}A`])
    assert.equal(nonces.accepts(text), false, String(text))
  assert.throws(() => createNonces({ lifetime: 10 }), /lifetime must be/)
  assert.throws(() => createNonces({ secrets: () => [] }).issue(), /gave no secret/)
})
