import type { Figures, FigureSpec, Goal, Summary } from '../model.js'

/** The middle value; the mean of the middle two where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const high = sorted[sorted.length >> 1] ?? NaN
  const low = sorted[(sorted.length - 1) >> 1] ?? NaN
  return (low + high) / 2
}

/** The value that a share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** What several processes measured, as one line. */
export function summarize(
  specs: readonly FigureSpec[],
  measured: readonly Figures[],
): readonly Summary[] {
  return specs.flatMap((spec) => {
    const values = measured.map((figures) => figures[spec.key] ?? NaN)
    return values.every((value) => Number.isFinite(value)) ? [summary(spec, values)] : []
  })
}

/** One line of a table; `middle` where something else than the values' own median is to stand for them. */
export function summary(
  spec: FigureSpec,
  values: readonly number[],
  middle: number = median(values),
): Summary {
  const rounded = values.map(rounds)
  return {
    ...spec,
    median: rounds(middle),
    min: Math.min(...rounded),
    max: Math.max(...rounded),
    values: rounded,
    verdict: spec.goal === undefined ? null : verdict(middle, spec.goal),
  }
}

function verdict(value: number, goal: Goal): 'reached' | 'missed' {
  const fits = value <= (goal.atMost ?? Infinity) && value >= (goal.atLeast ?? -Infinity)
  return fits ? 'reached' : 'missed'
}

/** Four digits say all that can be measured here. */
function rounds(value: number): number {
  return Number(value.toPrecision(4))
}
