import type { Registry } from 'prom-client'

/** What a check can come to. */
export type CheckResult = 'active' | 'anonymous' | 'refused' | 'failed'

const RESULTS: readonly CheckResult[] = ['active', 'anonymous', 'refused', 'failed']
/** From a check that is warm in memory to one that waits for a store. Seconds. */
const BUCKETS = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1] as const

/**
 * Counts checks in plain numbers. The library's counters look labels up by their text at each call, which takes as long as a
 * check itself; here that is done when somebody asks.
 */
export class CheckCounts {
  readonly #results = new Map<CheckResult, number>(RESULTS.map((result) => [result, 0]))
  /** Checks by the first bucket that they fit in; the last is of those that fit in none. */
  readonly #buckets: number[] = Array.from({ length: BUCKETS.length + 1 }, () => 0)
  #sum = 0

  add(result: CheckResult, seconds: number): void {
    this.#results.set(result, (this.#results.get(result) ?? 0) + 1)
    this.#sum += seconds
    let at = 0
    while (at < BUCKETS.length && seconds > (BUCKETS[at] ?? Infinity)) at++
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1
  }

  /** What the registry asks when it is read. */
  register(registry: Registry): void {
    for (const metric of [this.#checks(), this.#durations()]) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a metric the registry uses its name and get()
      registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0])
    }
  }

  #checks(): object {
    const about = {
      name: 'holdfast_checks_total',
      help: 'Checks, by what they came to',
      type: 'counter',
      aggregator: 'sum',
    }
    const values = (): object[] =>
      [...this.#results].map(([result, value]) => ({ labels: { result }, value }))
    return { ...about, get: () => ({ ...about, values: values() }) }
  }

  #durations(): object {
    const name = 'holdfast_check_duration_seconds'
    const about = { name, help: 'How long checks took', type: 'histogram', aggregator: 'sum' }
    const values = (): object[] => {
      let sum = 0
      const buckets = [...BUCKETS, '+Inf'].map((le, at) => {
        sum += this.#buckets[at] ?? 0
        return { labels: { le }, value: sum, metricName: `${name}_bucket` }
      })
      return [
        ...buckets,
        { labels: {}, value: this.#sum, metricName: `${name}_sum` },
        { labels: {}, value: sum, metricName: `${name}_count` },
      ]
    }
    return { ...about, get: () => ({ ...about, values: values() }) }
  }
}
