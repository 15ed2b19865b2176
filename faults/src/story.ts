import type { Violation } from './check/model.js'
import type { History, Mark, Operation } from './history.js'

/** Everything that happened to the session of a violation, one line each, for whoever looks for its cause. */
export function storyOf({ operations, marks }: History, violation: Violation): readonly string[] {
  const [session] = /^[A-Za-z0-9]{22}/.exec(violation.text) ?? []
  if (session === undefined) return []
  const own = operations.filter((each) => each.session === session)
  const subject = own.find(({ name }) => name === 'sign-in')?.subject
  const all = operations.filter(
    (each) => each.name === 'revoke-all' && each.subject === subject && subject !== undefined,
  )
  const first = Math.min(...own.map(({ start }) => start))
  const lines = [
    ...[...own, ...all].map((each) => ({ at: each.start, text: ofOperation(each, first) })),
    ...marks
      .map((each) => ({ at: 'from' in each ? each.from : each.at, text: ofMark(each) }))
      .filter(({ at }) => at >= first - 1000 && at <= violation.at + 1000),
  ]
  return lines
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, text }) => `${(at - first).toFixed(1)} ${text}`)
}

function ofOperation(operation: Operation, first: number): string {
  const { worker, name, end, outcome, code, status, reason, value, data } = operation
  const about = [outcome, code, status, reason, value, data && JSON.stringify(data)]
  const known = about.filter((each) => each !== undefined)
  return `worker ${worker} ${name} to ${(end - first).toFixed(1)}: ${known.join(' ')}`
}

function ofMark(mark: Mark): string {
  return mark.mark === 'fault' ? `fault ${mark.kind}` : mark.mark
}
