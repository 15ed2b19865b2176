import type { Violation } from './check/model.js'
import { check } from './checker.js'
import { type Figures, measure } from './figures.js'
import { Proxy } from './proxy.js'
import { seeded } from './random.js'
import type { Scenario } from './scenarios.js'
import type { StoreServer } from './servers/server.js'
import { type Effort, Stage } from './stage.js'

/** What came of one run of a scenario. */
export interface Result {
  readonly store: string
  readonly scenario: string
  readonly violations: readonly Violation[]
  readonly figures: Figures
  /** Faults by their kind. */
  readonly faults: ReadonlyMap<string, number>
}

/** Runs a scenario against a server that was started for it, and judges it. Removes the server. */
export async function runScenario(
  store: string,
  { name, expected, run }: Scenario,
  server: StoreServer,
  { seed, seconds, ...load }: Effort,
): Promise<Result> {
  const proxy = await Proxy.to(server.port)
  try {
    const options = { store: server.config(proxy.port), seed, ...load }
    const stage = await Stage.open(options, seeded(seed), seconds)
    let failed: unknown = null
    await run({ stage, server, proxy }).catch((error: unknown) => (failed = error))
    const history = await stage.close()
    if (failed !== null) throw failed
    const faults = new Map<string, number>()
    for (const each of history.marks)
      if (each.mark === 'fault') faults.set(each.kind, (faults.get(each.kind) ?? 0) + 1)
    return {
      store,
      scenario: name,
      violations: check(history, expected),
      figures: measure(history),
      faults,
    }
  } finally {
    await proxy.close()
    await server.remove()
  }
}
