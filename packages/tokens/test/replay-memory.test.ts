import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReplayMemory } from '../src/lib/dpop/replay-memory.js'

const proof = (
  jti: string,
  until: number,
  jkt = 'key',
): Parameters<ReplayMemory['firstUse']>[0] => ({
  jkt,
  jti,
  iat: 0,
  until,
})

test('a proof is new once; the same identifier by another key is another proof', () => {
  const memory = new ReplayMemory()
  assert.deepEqual(
    [proof('a', 100), proof('a', 100), proof('b', 100), proof('a', 100, 'other')].map((each) =>
      memory.firstUse(each, 0),
    ),
    [true, false, true, true],
  )
})

test('a full memory refuses, and has room again when proofs are over', () => {
  const memory = new ReplayMemory(2)
  assert.ok(memory.firstUse(proof('a', 100), 0))
  assert.ok(memory.firstUse(proof('b', 200), 0))
  assert.ok(!memory.firstUse(proof('c', 200), 99))
  assert.ok(memory.firstUse(proof('c', 200), 100))
  assert.ok(!memory.firstUse(proof('b', 200), 100))
})
