import { withArena } from './arena.js'
import type { DatabaseName } from './databases.js'
import { raceLogouts } from './races/logout.js'
import { expectRemembered } from './races/memory.js'
import { raceRenewals } from './races/rotation.js'
import { raceSchedules } from './races/schedules.js'
import { raceIncrements, raceKeys } from './races/updates.js'
import type { Tally } from './tally.js'

/** How much of each race is run. */
export interface Effort {
  /** Logouts that overtake a request, of each kind. */
  readonly rounds: number
  readonly schedules: number
  /** Runs of 100 keys. */
  readonly runs: number
  readonly increments: number
  /** Sessions that are renewed five times. */
  readonly lineages: number
}

export const LONG: Effort = {
  rounds: 200,
  schedules: 10_000,
  runs: 10,
  increments: 1000,
  lineages: 40,
}

/** Runs all races on one database. `told` hears of each as it ends. */
export async function runRaces(
  name: DatabaseName,
  seed: number,
  effort: Effort,
  told: (tally: Tally) => void,
): Promise<void> {
  await withArena(name, seed, async (arena) => {
    told(await expectRemembered(arena, effort.rounds))
    for (const tally of await raceLogouts(arena, effort.rounds)) told(tally)
    told(await raceSchedules(arena, effort.schedules))
    told(await raceKeys(arena, effort.runs))
    told(await raceIncrements(arena, effort.increments))
    told(await raceRenewals(arena, effort.lineages))
  })
}
