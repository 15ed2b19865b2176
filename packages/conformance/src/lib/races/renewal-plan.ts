import * as fc from 'fast-check'

/** Renewals of one token in each schedule. */
export const ROUNDS = 5

/** One renewal with many presenters at once. */
export interface Round {
  readonly presenters: number
  /** How many of them present the successor as soon as they have it, so that the others hold the last but one. */
  readonly eager: number
  /** Nobody receives the successor; how often the old token comes again, 50 minutes apart. */
  readonly lost: number
}

export interface RenewalPlan {
  readonly rounds: readonly Round[]
  /** Which of the replaced tokens comes back in the end. */
  readonly replayed: number
}

const round: fc.Arbitrary<Round> = fc.record({
  presenters: fc.oneof(
    { weight: 90, arbitrary: fc.integer({ min: 2, max: 8 }) },
    { weight: 9, arbitrary: fc.integer({ min: 9, max: 30 }) },
    { weight: 1, arbitrary: fc.constantFrom(100, 199, 200) },
  ),
  eager: fc.nat({ max: 3 }),
  lost: fc.constantFrom(0, 0, 0, 1, 3),
})

export const renewalPlans: fc.Arbitrary<RenewalPlan> = fc.record({
  rounds: fc.array(round, { minLength: ROUNDS, maxLength: ROUNDS }),
  replayed: fc.nat({ max: ROUNDS - 1 }),
})
