import type { z } from 'zod'
import type { Place, Problem } from './problem.js'
import { knownKeys } from './schema-walk.js'
import { isTable, placeOf, type Source, type Table } from './source.js'
import { nearest } from './suggest.js'

/** What is wrong with the shape of the configuration, each with its place. */
export function shapeProblems(
  source: Source,
  issues: readonly z.core.$ZodIssue[],
  otherwise: Place,
): readonly Problem[] {
  return issues.flatMap((issue): readonly Problem[] => {
    const { path } = issue
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey(source, path, key, otherwise))
    const what = issue.code === 'invalid_key' ? innerMessage(issue) : issue.message
    return [{ place: placeOf(source, path) ?? otherwise, path: path.join('.'), what }]
  })
}

function innerMessage(issue: z.core.$ZodIssueInvalidKey): string {
  return issue.issues[0]?.message ?? issue.message
}

function unknownKey(
  source: Source,
  table: readonly PropertyKey[],
  key: string,
  otherwise: Place,
): Problem {
  const path = [...table, key]
  const known = knownKeys(table)
  const meant = nearest(key, known)
  const remedy = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`
  return {
    place: placeOf(source, path) ?? otherwise,
    path: path.join('.'),
    what: `there is no such key; ${remedy}`,
  }
}

/** The values without those that are wrong in shape. */
export function withoutIssues(values: Table, issues: readonly z.core.$ZodIssue[]): Table {
  return issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => [...issue.path, key])
        : [issue.path],
    )
    .reduce<Table>((rest, path) => without(rest, path.map(String)), values)
}

function without(table: Table, [key = '', ...rest]: readonly string[]): Table {
  const inner = table[key]
  const others = Object.entries(table).filter(([name]) => name !== key)
  const kept = rest.length > 0 && isTable(inner) ? [[key, without(inner, rest)] as const] : []
  return Object.fromEntries([...others, ...kept])
}
