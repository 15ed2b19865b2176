import { createMetrics, type DaemonParts, metricsTextOf } from '@holdfast/daemon'

/** The parts for who watches, of a test that does not. */
export function nobodyWatches(): Pick<DaemonParts, 'jwks' | 'events' | 'metrics' | 'metricsText'> {
  const metrics = createMetrics()
  return {
    jwks: null,
    events: { subscribe: () => () => undefined },
    metrics,
    metricsText: async () => metricsTextOf([await metrics.report()]),
  }
}
