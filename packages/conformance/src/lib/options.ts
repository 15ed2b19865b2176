import type { MaybePromise } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'

/** Options of `storeCases`. */
export interface StoreSuiteOptions {
  /** Opens a fresh store that holds nothing and that no other case sees. */
  readonly open: () => MaybePromise<SessionStore>
  /** Closes the store and opens what it kept, as after a restart. Give it for every durable store. */
  readonly reopen?: (store: SessionStore) => MaybePromise<SessionStore>
  /** Releases what `open` took, such as a folder; called once for each opened store. Default: `store.close()`. */
  readonly dispose?: (store: SessionStore) => MaybePromise<void>
  /** Random sequences that the model is compared with. Default 1,000; each opens a store. */
  readonly propertyRuns?: number
  /** Scheduled interleavings for resurrection, and a fifth of that for each other race. Default 1,000. */
  readonly schedules?: number
  /** Rounds of parallel requests around a renewal. Default 1,000. */
  readonly rounds?: number
  /** Where random choices start: the seed that a failure printed shows it again. Default: another one each time. */
  readonly seed?: number
}

/** {@link StoreSuiteOptions} with defaults filled in. */
export interface SuiteSettings extends Required<Omit<StoreSuiteOptions, 'reopen'>> {
  readonly reopen: ((store: SessionStore) => MaybePromise<SessionStore>) | null
}

/** Checks options; throws `TypeError` for a wrong one. */
export function resolveSettings(options: StoreSuiteOptions): SuiteSettings {
  if (typeof options?.open !== 'function')
    throw new TypeError('open must be a function that gives a fresh, empty store')
  const { reopen, dispose } = options
  for (const [name, value] of Object.entries({ reopen, dispose })) {
    if (value !== undefined && typeof value !== 'function')
      throw new TypeError(`${name} must be a function`)
  }
  return {
    open: options.open,
    reopen: reopen ?? null,
    dispose: dispose ?? ((store) => store.close()),
    propertyRuns: count(options, 'propertyRuns', 1000),
    schedules: count(options, 'schedules', 1000),
    rounds: count(options, 'rounds', 1000),
    seed: options.seed ?? Math.trunc(Math.random() * 0x7fffffff),
  }
}

function count(
  options: StoreSuiteOptions,
  name: 'propertyRuns' | 'schedules' | 'rounds',
  preset: number,
): number {
  const value = options[name] ?? preset
  if (!Number.isSafeInteger(value) || value < 1)
    throw new TypeError(`${name} must be a whole number from 1`)
  return value
}
