import * as fc from 'fast-check'
import type { SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { explore } from './explore.js'
import type { Fault } from './scheduled-store.js'

/** The fates of the first calls of a race; the others reach the store. */
export const faults: fc.Arbitrary<Fault[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constant<Fault>('none') },
    { weight: 1, arbitrary: fc.constant<Fault>('before') },
    { weight: 1, arbitrary: fc.constant<Fault>('after') },
  ),
  { maxLength: 12, size: 'max' },
)

/** Races between requests in flight and what ends their session. */
export interface EndingRaces<Ending extends string, Plan> {
  readonly contract: string
  /** The case of all endings but that of everyone. */
  readonly name: string
  readonly endings: readonly Ending[]
  /** The case of the ending of everyone. */
  readonly everyone: { readonly name: string; readonly ending: Ending }
  readonly planOf: (endings: readonly Ending[]) => fc.Arbitrary<Plan>
  readonly race: (
    store: SessionStore,
    plan: Plan,
    scheduler: fc.Scheduler,
    n: number,
  ) => Promise<void>
}

export function endingCases<Ending extends string, Plan>({
  contract,
  name,
  endings,
  everyone,
  planOf,
  race,
}: EndingRaces<Ending, Plan>): readonly CaseDefinition[] {
  const caseOf = (
    title: string,
    share: number,
    plan: fc.Arbitrary<Plan>,
    batch: { readonly batch?: number },
  ): CaseDefinition => ({
    name: title,
    contract,
    slow: true,
    async run({ store, settings }) {
      await explore({
        settings,
        count: Math.ceil(settings.schedules * share),
        plan,
        race: (each, scheduler, n) => race(store, each, scheduler, n),
        ...batch,
      })
    },
  })
  return [
    caseOf(name, 0.9, planOf(endings), {}),
    // One at a time: each ends the sessions of all.
    caseOf(everyone.name, 0.1, planOf([everyone.ending]), { batch: 1 }),
  ]
}
