import type { StoreName } from '../catalogue.js'
import { breaches, describeBreaches, grid, rows, TITLE } from './report.js'
import type { RoundResult } from './round.js'
import { runMatrix } from './run.js'
import { COLUMNS } from './messages.js'

const EFFORT = { requests: 30, together: 2, pace: 450, settle: 800 }

/** Prints the matrix of each store; false if a promise was broken. */
export async function printMatrix(stores: readonly StoreName[], only: string): Promise<boolean> {
  let good = true
  for (const store of stores) {
    console.log(`\n## ${store}\n\n${TITLE}`)
    const options = { effort: EFFORT, only: only === '' ? [] : [only] }
    const broken: RoundResult[] = []
    const results = await runMatrix(store, options, (result) => {
      console.log(rows(result))
      if (breaches(result).length > 0) broken.push(result)
    })
    for (const column of COLUMNS) console.log(`\n${grid(results, column)}`)
    for (const result of broken)
      console.log(`\n${result.trouble.name}:\n${describeBreaches(result)}`)
    good &&= broken.length === 0
  }
  return good
}
