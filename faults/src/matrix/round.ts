import { until } from '@holdfast/test-servers/wait'
import { now, pause } from '../time.js'
import { Cell, type CellResult, type Effort } from './cell.js'
import { control } from './control.js'
import { COLUMNS } from './messages.js'
import { OPERATIONS, type Operation } from './operations.js'
import type { Site } from './site.js'
import type { Trouble } from './trouble.js'

/** One kind of trouble with every operation, in both columns. */
export interface RoundResult {
  readonly trouble: Trouble
  readonly cells: readonly CellResult[]
  readonly crashes: readonly string[]
  /** Milliseconds that pages without a session took meanwhile. */
  readonly control: readonly number[]
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
  const cells: CellResult[] = []
  const times: number[] = []
  for (const operations of PARTS) {
    const part = await runPart(site, trouble, operations, effort)
    cells.push(...part.cells)
    times.push(...part.control)
  }
  return { trouble, cells, crashes: site.crashes.slice(known), control: times }
}

async function runPart(
  site: Site,
  trouble: Trouble,
  operations: readonly Operation[],
  effort: Effort,
): Promise<Pick<RoundResult, 'cells' | 'control'>> {
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
  const stop = control(site)
  let times: readonly number[]
  try {
    await Promise.all(cells.map((cell, n) => cell.suffer(effort, n / cells.length)))
  } finally {
    times = await stop()
    await trouble.end()
  }
  const back = now()
  await all((cell) => cell.recover(back))
  await all((cell) => cell.verify())
  // What was still on its way has arrived.
  await pause(effort.settle)
  return { cells: cells.map(({ result }) => result), control: times }
}
