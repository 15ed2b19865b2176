import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import type { SuiteSettings } from '../options.js'
import { HOUR, START } from '../records.js'
import { runSteps } from './run.js'
import { type Step, steps } from './steps.js'

/** Sequences per store: opening one may cost more than using it. */
const SEQUENCES_PER_STORE = 100
const LONG_AFTER = START + 100_000 * HOUR

/** The store against a simple model, under random sequences of calls. */
export const modelCases: readonly CaseDefinition[] = [
  {
    name: 'model: random sequences of calls give what a simple model of the contract gives',
    contract: 'All of it: every answer, and everything that find and list show afterwards.',
    slow: true,
    async run({ settings }) {
      const stores = new Stores(settings)
      const property = fc.asyncProperty(steps, (sequence) => stores.run(sequence))
      const { propertyRuns: numRuns, seed } = settings
      try {
        await fc.assert(property, { numRuns, seed, includeErrorInReport: true })
      } finally {
        await stores.dispose()
      }
    },
  },
]

/**
 * Stores that several sequences share, one after the other: each leaves its store empty, unless the engine deletes in its own
 * time, where each sequence has a store to itself.
 */
class Stores {
  readonly #settings: SuiteSettings
  #store: SessionStore | null = null
  #used = 0

  constructor(settings: SuiteSettings) {
    this.#settings = settings
  }

  /** A sequence that fails has its store to itself from then on, so that it fails again while it is made smaller. */
  async run(sequence: readonly Step[]): Promise<void> {
    if (this.#used === SEQUENCES_PER_STORE) await this.dispose()
    this.#store ??= await this.#settings.open()
    this.#used += 1
    try {
      await runSteps(this.#store, sequence)
      if (this.#store.capabilities.expiry === 'engine') await this.dispose()
      else await sweepAll(this.#store)
    } catch (error) {
      await this.dispose()
      throw error
    }
  }

  async dispose(): Promise<void> {
    const store = this.#store
    this.#store = null
    this.#used = 0
    if (store !== null) await this.#settings.dispose(store)
  }
}

async function sweepAll(store: SessionStore): Promise<void> {
  for (let calls = 0; calls < 100; calls++) if (!(await store.sweep(LONG_AFTER, 1000)).more) return
  assert.fail('sweep() said `more` 100 times in a row for a handful of records')
}
