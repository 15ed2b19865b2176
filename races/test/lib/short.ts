import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATABASES, type DatabaseName } from '../../src/databases.js'
import { runRaces } from '../../src/run.js'

/** Printed, so that a failure can be had again: `npm run races -- --store … --seed …`. */
const SEED = Number(process.env['HOLDFAST_SEED'] ?? 1 + (Date.now() % 1_000_000))
const SHORT = { rounds: 8, schedules: 120, runs: 1, increments: 500, lineages: 2 }

/** Runs a short form of all races on one database. */
export function raceTests(name: DatabaseName): void {
  const { title, skip } = DATABASES[name]
  test(`four processes on ${title}: no race breaks a promise`, { skip }, async (t) => {
    console.log(`seed ${SEED}`)
    await runRaces(name, SEED, SHORT, (tally) => {
      t.diagnostic(String(tally))
      console.log(String(tally))
      const found = tally.violations.slice(0, 5)
      assert.deepEqual(found, [], `seed ${SEED}: ${tally.name}: ${tally.violations.length} times`)
    })
  })
}
