import type { Operation } from '../history.js'
import { type Expectations, isForgotten, lag, type Model, type Violation } from './model.js'

/** Of one session: what reads found of the keys that were set, and of the key on which all have counted. */
export function checkWrites(model: Model, session: string, expected: Expectations): Violation[] {
  const operations = model.bySession.get(session) ?? []
  const sets = new Map<string, Operation[]>()
  for (const each of operations)
    if (each.name === 'set' && each.key !== undefined)
      sets.set(each.key, [...(sets.get(each.key) ?? []), each])
  const adds = operations.filter(({ name }) => name === 'add')
  return operations.flatMap((read) => {
    const { data } = read
    if (data === undefined) return []
    const counted = checkCount(model, read, adds, data['count'] ?? 0, expected)
    const kept = [...sets].flatMap(([key, writes]) =>
      checkKey(model, read, writes, data[key], expected),
    )
    return [...counted, ...kept, ...checkUnknownKeys(read, sets)]
  })
}

/** Each key has one writer, which writes one value after the other. */
function checkKey(
  model: Model,
  read: Operation,
  writes: readonly Operation[],
  value: number | undefined,
  { durable }: Expectations,
): Violation[] {
  // The last that must be seen; what came after may be.
  const due = writes.findLast((each) => isDue(model, each, read))
  const isPossible = (each: Operation): boolean =>
    each.value === value &&
    each.outcome !== 'no' &&
    each.start < read.end &&
    (each === due || each.outcome === 'unknown' || due === undefined || each.start > due.start)
  if (writes.some(isPossible)) return []
  const { session = '', worker, start } = read
  if (value === undefined ? due === undefined || !durable : !durable) return []
  const key = writes[0]?.key ?? ''
  const text = `${session}: worker ${worker} read ${value ?? 'nothing'} of ${key}, in which ${due?.value ?? 'nothing'} had been acknowledged`
  return [{ promise: 'P3', kind: 'acknowledged write lost', text, at: start }]
}

/** `update(key, fn)` never loses an increment, and never makes one twice. */
function checkCount(
  model: Model,
  read: Operation,
  adds: readonly Operation[],
  count: number,
  { durable }: Expectations,
): Violation[] {
  const least = adds.filter((each) => isDue(model, each, read)).length
  const most = adds.filter(({ outcome, start }) => outcome !== 'no' && start < read.end).length
  const { session = '', worker, start } = read
  const text = `${session}: worker ${worker} read a count of ${count}; ${least} were acknowledged, ${most} asked for`
  if (count < least && durable) return [{ promise: 'P3', kind: 'increment lost', text, at: start }]
  if (count > most) return [{ promise: 'P3', kind: 'write applied twice', text, at: start }]
  return []
}

function isDue(model: Model, write: Operation, read: Operation): boolean {
  return (
    write.outcome === 'ok' &&
    write.end + lag(write.worker, read.worker) < read.start &&
    !isForgotten(model, write.start, read.end)
  )
}

function checkUnknownKeys(
  { session = '', data = {}, start }: Operation,
  sets: ReadonlyMap<string, unknown>,
): Violation[] {
  return Object.keys(data).flatMap((key) => {
    if (key === 'count' || sets.has(key)) return []
    const text = `${session} holds ${key}, which nobody wrote into it`
    return [{ promise: 'own', kind: 'value out of nowhere', text, at: start } as const]
  })
}
