import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeCases } from '@holdfast/conformance/store'
import { BROKEN_STORES } from './broken-stores.js'

for (const { fault, open, caughtBy } of BROKEN_STORES) {
  test(`the suite finds a store where ${fault}`, async () => {
    const cases = storeCases({ open, propertyRuns: 2000, schedules: 2000, rounds: 200, seed: 1 })
    for (const name of caughtBy) {
      const found = cases.filter((each) => each.name.startsWith(name))
      assert.notEqual(found.length, 0, `there is a case '${name}'`)
      const outcomes = await Promise.allSettled(found.map((each) => each.run()))
      const rejected = outcomes.find((outcome) => outcome.status === 'rejected')
      assert.ok(rejected, `'${name}' passes, although ${fault}`)
      assert.match(String(rejected.reason), /the contract: .+\n\nfound: ./s)
    }
  })
}
