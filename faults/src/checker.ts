import { checkDowntime } from './check/downtime.js'
import { type Expectations, modelOf, type Violation } from './check/model.js'
import { checkAbsolute, checkLife, checkOwners } from './check/sessions.js'
import { checkWrites } from './check/writes.js'
import type { History } from './history.js'

export type { Expectations, Violation } from './check/model.js'

/** Everything in a history that breaks a promise, in the order of its time. Pure. */
export function check(history: History, expected: Expectations): readonly Violation[] {
  const model = modelOf(history)
  const found: Violation[] = [...checkDowntime(model)]
  for (const session of model.bySession.keys()) {
    found.push(
      ...checkLife(model, session, expected),
      ...checkOwners(model, session),
      ...checkAbsolute(model, session),
      ...checkWrites(model, session, expected),
    )
  }
  for (const each of history.marks)
    if (each.mark === 'crash')
      found.push({ promise: 'crash', kind: 'crash', text: each.error, at: each.at })
  return found.toSorted((one, other) => one.at - other.at)
}
