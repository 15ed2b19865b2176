import { seeded } from '@holdfast/test-servers/random'
import { runClient } from './client.js'
import { type Address, type Authority, newTally, type Tally } from './model.js'

export interface ChecksOptions {
  readonly address: Address
  readonly authority: Authority
  /** Answers to compare with the truth. */
  readonly count: number
  readonly clients: number
  readonly seed: number
  /** What 503 is: the disk of another process may be slow. Default `wrong`. */
  readonly refusals?: 'wrong' | 'counted'
  /** Hears of the run each time that a tenth of it is done. */
  readonly progress?: (tally: Tally) => void
}

/** Asks a check door, of whatever process, and compares every answer with the truth. */
export async function runChecks(options: ChecksOptions): Promise<Tally> {
  const { address, authority, count, clients, seed, refusals = 'wrong', progress } = options
  const tally = newTally()
  let next = count / 10
  const isOver = (): boolean => {
    if (tally.checked >= next) {
      next += count / 10
      progress?.(tally)
    }
    return tally.checked >= count
  }
  const run = (at: number): Promise<void> => {
    const random = seeded(seed + at)
    const name = `v${seed}-${at}`
    return runClient({ name, address, authority, random, refusals, tally }, isOver)
  }
  await Promise.all(Array.from({ length: clients }, (_, at) => run(at)))
  return tally
}
