import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoreName } from '../../src/catalogue.js'
import { UNDUE } from '../../src/matrix/cell.js'
import { breaches, rows } from '../../src/matrix/report.js'
import type { RoundResult } from '../../src/matrix/round.js'
import { runMatrix } from '../../src/matrix/run.js'
import { placesOf } from '../../src/matrix/stores.js'

const EFFORT = { requests: 4, together: 2, pace: 0, settle: 100 }
/** Half a second is promised; the machine may have other things to do. */
const REFUSED_WITHIN = 5000

/** The store's deadline is of the clock on the wall: what a busy machine made late, and nothing else, is tried again. */
const ATTEMPTS = 3

async function inTime(
  store: StoreName,
  only: readonly string[],
  attempt = 1,
): Promise<readonly RoundResult[]> {
  const results = await runMatrix(store, { effort: EFFORT, only })
  const late = results.filter(wasLate).map(({ trouble }) => trouble.name)
  if (late.length === 0 || attempt === ATTEMPTS) return results
  const again = await inTime(store, late, attempt + 1)
  return results.map(
    (result) => again.find(({ trouble }) => trouble.name === result.trouble.name) ?? result,
  )
}

function wasLate(result: RoundResult): boolean {
  const found = breaches(result)
  return found.length > 0 && found.every((each) => each.endsWith(UNDUE))
}

/** Runs a short form of some rows of the matrix. */
export function matrixTest(store: StoreName, only: readonly string[]): void {
  const places = placesOf(store)
  const skip = places.find((place) => place.skip !== null)?.skip ?? false
  test(`${store} in trouble, over HTTP: refused, and nobody is signed out`, { skip }, async () => {
    const results = await inTime(store, only)
    assert.equal(results.length, only.length, 'every kind of trouble is there')
    for (const result of results) {
      console.log(rows(result))
      assert.deepEqual(breaches(result).slice(0, 10), [], result.trouble.name)
      for (const { due, refused, served, refusals } of result.cells) {
        assert.equal(refused + served, EFFORT.requests)
        if (due === 'refused') assert.equal(served, 0)
        assert.ok(refusals.every((each) => each < REFUSED_WITHIN))
      }
    }
  })
}
