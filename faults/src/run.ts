import type { Violation } from './check/model.js'
import { check } from './checker.js'
import { type Figures, measure } from './figures.js'
import type { History } from './history.js'
import { Proxy } from './proxy.js'
import { seeded } from '@holdfast/test-servers/random'
import type { Case } from './catalogue.js'
import type { DriverName } from './drivers/names.js'
import { withDriver } from './stores.js'
import { type Effort, Stage } from './stage.js'
import { storyOf } from './story.js'

/** What came of one run of a scenario. */
export interface Result {
  readonly store: string
  readonly scenario: string
  readonly violations: readonly Violation[]
  /** What happened to the session of the first of them. */
  readonly story: readonly string[]
  readonly figures: Figures
  /** Faults by their kind. */
  readonly faults: ReadonlyMap<string, number>
}

/** Runs a case on a server that is started for it, and judges it. Without a driver, with the store's first. */
export async function runCase(
  { store, name, expected, open }: Case,
  { seed, seconds, ...load }: Effort,
  driver: DriverName | null = null,
): Promise<Result> {
  const { server, run } = await open()
  const proxy = await Proxy.to(server.port)
  try {
    const config = withDriver(server.config(proxy.port), driver)
    const options = { store: config, seed, ...load }
    const stage = await Stage.open(options, seeded(seed), seconds)
    let history: History
    try {
      await run(stage, proxy)
    } finally {
      history = await stage.close()
    }
    const faults = new Map<string, number>()
    for (const each of history.marks)
      if (each.mark === 'fault') faults.set(each.kind, (faults.get(each.kind) ?? 0) + 1)
    const violations = check(history, expected)
    const label = driver === null ? store : `${store} (${driver})`
    const [first] = violations
    const story = first === undefined ? [] : storyOf(history, first)
    return { store: label, scenario: name, violations, story, figures: measure(history), faults }
  } finally {
    await proxy.close()
    await server.remove()
  }
}
