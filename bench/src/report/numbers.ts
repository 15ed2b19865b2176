import type { Goal, Summary } from '../model.js'

/** A number with as many digits as mean something. */
function shown(value: number): string {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  return value.toFixed(size >= 1 || size === 0 ? 2 : 3).replace(/^(-?\d+)\.00$/, '$1')
}

/** `≤ 6` or `≥ 0.85`. */
function shownGoal({ atMost, atLeast }: Goal): string {
  return atMost === undefined ? `≥ ${atLeast ?? ''}` : `≤ ${atMost}`
}

/** `0.44 (0.42 to 0.47)`, with goal and verdict where there is one. */
export function shownSummary({ median, min, max, values, goal, verdict }: Summary): string {
  const range = values.length > 1 && min !== max ? ` (${shown(min)} to ${shown(max)})` : ''
  const judged = goal === undefined ? '' : ` ${shownGoal(goal)} ${verdict ?? ''}`
  return `${shown(median)}${range}${judged}`
}
