import * as fc from 'fast-check'
import type { SubjectLimit } from '@holdfast/core/store'
import { HOUR, idOf, MINUTE } from '../records.js'

/** Few ids and subjects, so that steps meet; the subjects are prefixes of one another. */
export const IDS: readonly string[] = ['A', 'B', 'C', 'a', 'b', 'c'].map(idOf)
export const SUBJECTS: readonly string[] = ['s', 's0', 's\u0001']
export const VERIFIERS: readonly string[] = ['v0', 'v1', 'v2']

/** What one step does. Whatever depends on the state is relative here, so that a step stays meaningful as others go. */
export type Step =
  | { readonly do: 'tick'; readonly by: number }
  | {
      readonly do: 'insert'
      readonly id: string
      readonly subject: string | null
      readonly idle: number
      readonly absolute: number
      /** How many revocations ago the request began. */
      readonly epochAge: number
      readonly data: ReadonlyMap<string, string>
      readonly limit: SubjectLimit | null
    }
  | ({ readonly do: 'update'; readonly id: string } & UpdateParts)
  | { readonly do: 'revoke'; readonly id: string }
  | { readonly do: 'revokeSubject'; readonly subject: string; readonly except: string | null }
  | { readonly do: 'revokeEveryone' }
  | {
      readonly do: 'list'
      readonly subject: string
      readonly limit: number
      readonly includeEnded: boolean
      readonly after: string | null
    }
  | { readonly do: 'sweep'; readonly limit: number }

export interface UpdateParts {
  /** Distance from the present version. */
  readonly version: number | null
  readonly generation: number | null
  readonly set: ReadonlyMap<string, string> | null
  readonly unset: readonly string[] | null
  readonly clear: boolean
  readonly maxDataBytes: number | null
  readonly touch: { readonly seen: number; readonly idle: number } | null
  /** A verifier's number; -1: the present one. */
  readonly settle: number | null
  readonly renew:
    | { readonly kind: 'rotate'; readonly from: number; readonly to: number }
    | { readonly kind: 'replace'; readonly to: number }
    | {
        readonly kind: 'authenticate'
        readonly to: number
        readonly subject: string
        readonly epochAge: number
        readonly idle: number
        readonly absolute: number
        readonly limit: SubjectLimit | null
      }
    | null
}

const id = fc.constantFrom(...IDS)
const subject = fc.constantFrom(...SUBJECTS)
const text = fc.constantFrom('1', '"two"', '"é🔑"', '[1,2,3]')
const data = fc
  .array(fc.tuple(fc.constantFrom('app:a', 'app:b', 'app:é'), text), { maxLength: 2 })
  .map((entries) => new Map(entries))
const duration = fc.constantFrom(1, 1500, MINUTE, 30 * MINUTE, HOUR, 5 * HOUR, 30 * HOUR)
const epochAge = fc.constantFrom(0, 0, 0, 1, 2, 5)
const verifier = fc.constantFrom(-1, -1, 0, 1, 2)
const to = fc.nat({ max: VERIFIERS.length - 1 })
const limit = fc.option(
  fc.record({
    max: fc.constantFrom(1, 2),
    onLimit: fc.constantFrom('reject', 'evict-oldest', 'evict-idle' as const),
  }),
  { freq: 1 },
) as fc.Arbitrary<SubjectLimit | null>

const sometimes = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(values, { freq: 1 })
const seldom = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: values })

const renew = fc.oneof(
  fc.record({ kind: fc.constant('rotate' as const), from: verifier, to }),
  fc.record({ kind: fc.constant('replace' as const), to }),
  fc.record({
    kind: fc.constant('authenticate' as const),
    to,
    subject,
    epochAge,
    idle: duration,
    absolute: duration,
    limit,
  }),
)

const update = fc.record({
  do: fc.constant('update' as const),
  id,
  version: seldom(fc.constantFrom(0, 0, -1, 1)),
  generation: seldom(fc.constantFrom(0, 0, -1, 1)),
  set: sometimes(data),
  unset: seldom(fc.subarray(['app:a', 'app:b', 'app:missing'], { minLength: 1 })),
  clear: fc.constantFrom(false, false, false, true),
  maxDataBytes: seldom(fc.constantFrom(0, 10, 20, 40)),
  touch: sometimes(fc.record({ seen: fc.constantFrom(0, -MINUTE), idle: duration })),
  settle: seldom(verifier),
  renew: seldom(renew),
})

const JUMPS: readonly number[] = [
  [0, 1, 999, 1000, 1501, MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, 25 * HOUR, 60 * HOUR],
  [-1, -1000, -MINUTE, -HOUR, -26 * HOUR],
].flat()

const tick = fc.record({
  do: fc.constant('tick' as const),
  by: fc.constantFrom(...JUMPS),
})

const insert = fc.record({
  do: fc.constant('insert' as const),
  id,
  subject: sometimes(subject),
  idle: duration,
  absolute: duration,
  epochAge,
  data,
  limit,
})

const revokeSubject = fc.record({
  do: fc.constant('revokeSubject' as const),
  subject,
  except: seldom(id),
})

const list = fc.record({
  do: fc.constant('list' as const),
  subject,
  limit: fc.constantFrom(1, 2, 5),
  includeEnded: fc.boolean(),
  after: seldom(id),
})

/** A sequence of steps. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof<[fc.MaybeWeightedArbitrary<Step>, ...fc.MaybeWeightedArbitrary<Step>[]]>(
    { weight: 8, arbitrary: insert },
    { weight: 10, arbitrary: update },
    { weight: 4, arbitrary: tick },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('revoke' as const), id }) },
    { weight: 2, arbitrary: revokeSubject },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('revokeEveryone' as const) }) },
    { weight: 2, arbitrary: list },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('sweep' as const),
        limit: fc.constantFrom(1, 2, 100),
      }),
    },
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
)
