import assert from 'node:assert/strict'
import test from 'node:test'
import { newPath, openStore } from './lib/folders.js'
import { runScript } from './lib/processes.js'
import { ANY, newRecord } from '@holdfast/conformance/records'

for (const [how, code] of [
  ['process.exit()', 7],
  ['error', 1],
] as const) {
  test(`a process that ends by ${how} in the midst of a commit does end, and leaves no lock`, async (t) => {
    const path = newPath(t)
    const store = openStore(t, path, { timeout: 2000 })
    for (let round = 0; round < 12; round++) {
      const wait = String(round < 4 ? round * 25 : 110 + round * 3)
      assert.equal((await runScript(t, 'exiter', [path, wait, how])).code, code)
      const outcome = await store.insert(newRecord(), { now: Date.now(), ...ANY })
      assert.equal(outcome.status, 'inserted')
    }
  })
}
