import { modelOf } from './check/model.js'
import type { History, Operation } from './history.js'

/** What a run has measured, in milliseconds; nothing here passes or fails. */
export interface Figures {
  readonly operations: number
  readonly faults: number
  /** Checks of sessions that had been revoked. */
  readonly endedChecks: number
  /** How long operations took that the store's trouble failed. */
  readonly refusals: readonly number[]
  /** The names of those operations that took longer than half a second to be refused. */
  readonly slowRefusals: readonly string[]
  /** After each time that the store was back: until every worker had something acknowledged. */
  readonly recoveries: readonly number[]
  /** How long after its acknowledgement another process still accepted what was revoked: the longest of each session. */
  readonly staleness: readonly number[]
}

export const NO_FIGURES: Figures = {
  operations: 0,
  faults: 0,
  endedChecks: 0,
  refusals: [],
  slowRefusals: [],
  recoveries: [],
  staleness: [],
}

export function measure(history: History): Figures {
  const { operations, marks } = history
  const failed = operations.filter(({ outcome, end }) => outcome === 'unknown' && end < Infinity)
  return {
    operations: operations.length,
    faults: marks.filter(({ mark }) => mark === 'fault').length,
    endedChecks: operations.filter(
      ({ status, reason }) => status === 'rejected' && reason === 'revoked',
    ).length,
    refusals: failed.map(({ start, end }) => end - start),
    slowRefusals: failed.filter(({ start, end }) => end - start > 500).map(({ name }) => name),
    recoveries: marks.flatMap((each) =>
      each.mark === 'up' ? recovery(operations, each.at, nextFault(history, each.at)) : [],
    ),
    staleness: staleness(history),
  }
}

export function add(one: Figures, other: Figures): Figures {
  return {
    operations: one.operations + other.operations,
    faults: one.faults + other.faults,
    endedChecks: one.endedChecks + other.endedChecks,
    refusals: [...one.refusals, ...other.refusals],
    slowRefusals: [...one.slowRefusals, ...other.slowRefusals],
    recoveries: [...one.recoveries, ...other.recoveries],
    staleness: [...one.staleness, ...other.staleness],
  }
}

/** The value that a share of all is not above; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** Or the end of what was noted. */
function nextFault({ marks, operations }: History, after: number): number {
  const faults = marks.flatMap((each) =>
    each.mark === 'fault' && each.at > after ? [each.at] : [],
  )
  return Math.min(operations.at(-1)?.start ?? after, ...faults)
}

/** Empty where nobody tried anything, or the next fault came too soon to tell. */
function recovery(operations: readonly Operation[], at: number, until: number): number[] {
  const first = new Map<number, number>()
  const tried = new Set<number>()
  for (const { worker, start, end, outcome, name } of operations) {
    if (end < at || start > until) continue
    // A check may have been answered from memory.
    if (name === 'check' || name === 'read') continue
    tried.add(worker)
    if (outcome === 'ok' && end < until)
      first.set(worker, Math.min(first.get(worker) ?? Infinity, end - at))
  }
  if (tried.size === 0) return []
  // At least as long as it was let be.
  if (first.size < tried.size) return until - at > 1000 ? [until - at] : []
  return [Math.max(...first.values())]
}

function staleness(history: History): number[] {
  const model = modelOf(history)
  const found: number[] = []
  for (const [, operations] of model.bySession) {
    const ending = operations.find(({ name, outcome }) => name === 'revoke' && outcome === 'ok')
    if (ending === undefined) continue
    const others = operations.filter(
      ({ worker, start }) => worker !== ending.worker && start > ending.end,
    )
    if (others.length === 0) continue
    const late = others
      .filter(({ status }) => status === 'active')
      .map(({ start }) => start - ending.end)
    found.push(Math.max(0, ...late))
  }
  return found
}
