import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allCases, type StoreName } from '../../src/catalogue.js'
import type { DriverName } from '../../src/drivers/names.js'
import { describe } from '../../src/report.js'
import { type Result, runCase } from '../../src/run.js'
import type { Effort } from '../../src/stage.js'

/** Printed, so that a failure can be had again: `npm run faults -- --store … --only … --seed …`. */
const SEED = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 1_000_000)
const EFFORT: Effort = { seed: SEED, seconds: 1, workers: 2, lanes: 4, pause: 60 }

interface Short {
  readonly judge?: (result: Result) => void
  /** Where it takes more than the others. */
  readonly effort?: Partial<Effort>
  readonly driver?: DriverName
}

/** Runs a short form of a scenario of the fault suite. */
export function faultTest(
  title: string,
  store: StoreName,
  name: string,
  { judge = keepsAll, driver, effort = {} }: Short = {},
): void {
  const found = allCases().find((each) => each.store === store && each.name === name)
  if (found === undefined) throw new Error(`there is no scenario '${name}' of ${store}`)
  test(title, { skip: found.skip ?? false }, async () => {
    const result = await runCase(found, { ...EFFORT, ...effort }, driver)
    console.log(`seed ${SEED}: ${describe(result)}`)
    assert.ok(result.figures.operations > 100, 'the workers worked')
    assert.ok(result.figures.faults > 0, 'there were faults')
    judge(result)
  })
}

function keepsAll({ violations }: Result): void {
  const texts = violations.map(({ promise, kind, text }) => `${promise} ${kind}: ${text}`)
  assert.deepEqual(texts.slice(0, 10), [], `seed ${SEED}: ${violations.length} violations`)
}
