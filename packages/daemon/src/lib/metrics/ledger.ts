import { AggregatorRegistry } from 'prom-client'
import type { MetricsReport } from './metrics.js'

/** What processes have counted that are no more, so that no counter goes back when workers are replaced. */
export interface Ledger {
  add(report: MetricsReport): void
  /** Nothing as long as none has ended. */
  reports(): Promise<readonly MetricsReport[]>
}

/** Gauges, such as memory, end with their process. */
const COUNTED = /^holdfast_/

export function createLedger(): Ledger {
  let sum: Promise<MetricsReport> = Promise.resolve([])
  return {
    add: (report) => {
      const counted = report.filter(({ name }) => COUNTED.test(name))
      sum = sum.then((before) =>
        AggregatorRegistry.aggregate([[...before], counted]).getMetricsAsJSON(),
      )
    },
    reports: async () => [await sum],
  }
}
