import { serve } from '../harness/serve.js'
import type { Measure, MeasureInput } from '../model.js'

interface Job {
  readonly module: string
  readonly input: MeasureInput
}

// One row in one process: only its own module is loaded.
serve(async ({ module, input }: Job) => {
  const { measure }: { measure: Measure } = await import(new URL(module, import.meta.url).href)
  return measure(input)
})
