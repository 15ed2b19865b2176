import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RandomText } from '../src/lib/random.js'
import { openSuccessor, sealSuccessor } from '../src/lib/seal.js'

const NONCE_BYTES = 12
const random = new RandomText()

function sealed(): { id: string; old: string; successor: string; text: string } {
  const [id, old, successor] = [random.base62(22), random.base62(43), random.base62(43)]
  return { id, old, successor, text: sealSuccessor(successor, old, id, random) }
}

test('a sealed successor opens to the old verifier on its own session, and to nothing else', () => {
  const { id, old, successor, text } = sealed()
  assert.equal(openSuccessor(text, old, id), successor)
  const other = sealed()
  assert.equal(openSuccessor(text, other.old, id), null)
  assert.equal(openSuccessor(text, successor, id), null)
  assert.equal(openSuccessor(text, old, other.id), null)
  assert.ok(!Buffer.from(text, 'base64url').includes(successor))
})

test('a sealed successor with any bit flipped, cut or continued does not open', () => {
  const { id, old, text } = sealed()
  const bytes = Buffer.from(text, 'base64url')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const altered = Buffer.from(bytes)
    altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(openSuccessor(altered.toString('base64url'), old, id), null, `bit ${bit}`)
  }
  for (const spoiled of ['', 'AA', text.slice(0, -2), `${text}AA`])
    assert.equal(openSuccessor(spoiled, old, id), null)
})

test('no two seals share a nonce, nor the same successor sealed twice a text', () => {
  const { id, old, successor } = sealed()
  const texts = Array.from({ length: 10_000 }, () => sealSuccessor(successor, old, id, random))
  const nonces = texts.map((text) => Buffer.from(text, 'base64url').toString('hex', 0, NONCE_BYTES))
  assert.equal(new Set(nonces).size, texts.length)
  assert.equal(new Set(texts).size, texts.length)
})
