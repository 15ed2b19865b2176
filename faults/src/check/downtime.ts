import type { Operation } from '../history.js'
import { BOUND, type Model, type Violation } from './model.js'
import { ms } from './sessions.js'

/** While nobody can have reached the store, only a session that was read before may be answered with, and not for long. */
export function checkDowntime(model: Model): Violation[] {
  return model.downs.flatMap(({ from, to }) =>
    model.history.operations
      .filter(({ start, end }) => start >= from && end <= to)
      .flatMap((operation) => judge(operation, from)),
  )
}

function judge(operation: Operation, from: number): Violation[] {
  const { name, start, outcome, status, reason = '', worker, cleared } = operation
  const about = `worker ${worker}, ${ms(start - from)} after the store was gone`
  if (cleared === true) {
    const text = `${name} deleted the client's cookie: ${about}`
    return [{ promise: 'P6', kind: 'cookie cleared while down', text, at: start }]
  }
  if (outcome === 'unknown') return []
  const cached = status === 'active' && isRead(operation) && start <= from + BOUND
  if (cached) return []
  const text = `${name} was ${status ?? outcome} ${reason}: ${about}`
  return [{ promise: 'P6', kind: 'answered while down', text, at: start }]
}

function isRead({ name }: Operation): boolean {
  return name === 'check' || name === 'read'
}
