import { add, NO_FIGURES, quantile } from './figures.js'
import type { Result } from './run.js'

const PROMISES = ['P2', 'P3', 'P4', 'P5', 'P6', 'P8', 'own', 'crash'] as const
const SHOWN = 5

/** One line of a run, and more of what it broke. */
export function describe({ store, scenario, figures, faults, violations }: Result): string {
  const kinds = [...faults].map(([kind, count]) => `${count} ${kind}`).join(', ')
  const head = `${store}: ${scenario}: ${figures.operations} operations, ${kinds}: ${violations.length} violations`
  const { refusals, slowRefusals, recoveries, staleness, endedChecks } = figures
  const slow = slowRefusals.length === 0 ? '' : ` (${counted(slowRefusals)} over 500 ms)`
  const measured = [
    `refusal p99 ${ms(quantile(refusals, 0.99))}, longest ${ms(quantile(refusals, 1))} of ${refusals.length}${slow}`,
    `recovery p99 ${ms(quantile(recoveries, 0.99))} (of ${recoveries.length})`,
    `revoked seen as live elsewhere p99 ${ms(quantile(staleness, 0.99))}, longest ${ms(quantile(staleness, 1))}`,
    `${endedChecks} checks of revoked sessions`,
  ]
  const shown = violations
    .slice(0, SHOWN)
    .map(({ promise, kind, text }) => `    ${promise} ${kind}: ${text}`)
  const counts = counted(violations.map(({ kind }) => kind))
  return [
    head,
    `    ${measured.join('; ')}`,
    ...(counts === '' ? [] : [`    ${counts}`]),
    ...shown,
  ].join('\n')
}

/** Per store and promise: operations, faults, violations. */
export function summarize(results: readonly Result[]): string {
  const stores = [...new Set(results.map(({ store }) => store))]
  return stores
    .map((store) => {
      const own = results.filter((each) => each.store === store)
      const total = own.map(({ figures }) => figures).reduce(add, NO_FIGURES)
      const all = own.flatMap(({ violations }) => violations)
      const counts = PROMISES.map(
        (promise) => `${promise} ${all.filter((each) => each.promise === promise).length}`,
      )
      return `${store}: ${total.operations} operations, ${total.faults} faults; violations: ${counts.join(', ')}`
    })
    .join('\n')
}

function counted(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].map(([word, count]) => `${count} x ${word}`).join(', ')
}

function ms(milliseconds: number): string {
  return `${Math.round(milliseconds)} ms`
}
