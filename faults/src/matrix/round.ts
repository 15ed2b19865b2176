import { now, pause, until } from '../time.js'
import { Cell, type CellResult, type Effort } from './cell.js'
import { COLUMNS } from './messages.js'
import { OPERATIONS, type Operation } from './operations.js'
import type { Site } from './site.js'
import type { Trouble } from './trouble.js'

/** One kind of trouble with every operation, in both columns. */
export interface RoundResult {
  readonly trouble: Trouble
  readonly cells: readonly CellResult[]
  readonly crashes: readonly string[]
}

/** What ends everybody's sessions is asked for by itself: else nobody else's could be told to be right. */
const PARTS: readonly (readonly Operation[])[] = [
  OPERATIONS.filter(({ name }) => name !== 'revoke-everyone'),
  OPERATIONS.filter(({ name }) => name === 'revoke-everyone'),
]

/** So many cells begin their sessions at the same time. */
const AT_ONCE = 6

/** Runs one kind of trouble against every operation. */
export async function runRound(site: Site, trouble: Trouble, effort: Effort): Promise<RoundResult> {
  const known = site.crashes.length
  const results: CellResult[] = []
  for (const operations of PARTS)
    results.push(...(await runPart(site, trouble, operations, effort)))
  return { trouble, cells: results, crashes: site.crashes.slice(known) }
}

async function runPart(
  site: Site,
  trouble: Trouble,
  operations: readonly Operation[],
  effort: Effort,
): Promise<readonly CellResult[]> {
  const cells = COLUMNS.flatMap((column) =>
    operations.map((each) => new Cell(site, column, each, trouble.reach, effort.requests)),
  )
  const all = (step: (cell: Cell) => Promise<void>): Promise<unknown> =>
    Promise.all(cells.map(step))
  await until(() => site.healthy, 'the channels stand')
  for (let at = 0; at < cells.length; at += AT_ONCE)
    await Promise.all(cells.slice(at, at + AT_ONCE).map((cell) => cell.prepare()))
  // What is read while others write is not remembered.
  await pause(effort.settle)
  await all((cell) => cell.warm())
  await trouble.begin()
  try {
    await Promise.all(cells.map((cell, n) => cell.suffer(effort, n / cells.length)))
  } finally {
    await trouble.end()
  }
  const back = now()
  await all((cell) => cell.recover(back))
  await all((cell) => cell.verify())
  // What was still on its way has arrived.
  await pause(effort.settle)
  return cells.map(({ result }) => result)
}
