import fc from 'fast-check'
import type { CaseDefinition } from '../definition.js'
import { runSteps } from './run.js'
import { steps } from './steps.js'

/** The store against a simple model, under random sequences of calls. */
export const modelCases: readonly CaseDefinition[] = [
  {
    name: 'model: random sequences of calls give what a simple model of the contract gives',
    contract: 'All of it: every answer, and everything that find and list show afterwards.',
    slow: true,
    async run({ settings }) {
      const { propertyRuns, seed } = settings
      const property = fc.asyncProperty(steps, async (sequence) => {
        const store = await settings.open()
        try {
          await runSteps(store, sequence)
        } finally {
          await settings.dispose(store)
        }
      })
      await fc.assert(property, { numRuns: propertyRuns, seed, includeErrorInReport: true })
    },
  },
]
