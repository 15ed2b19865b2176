import { SessionError } from '@holdfast/core'

/** Where something was written: a line of a file, or an environment variable. */
export interface Place {
  readonly source: string
  readonly line: number | null
}

/** One thing that is wrong with the configuration, and what would be right. Never holds a value: it may be a secret. */
export interface Problem {
  readonly place: Place
  /** Of the key, such as `session.idle_timeout`; empty where it is about the whole file. */
  readonly path: string
  readonly what: string
}

/** `file:line: key: what`. */
export function problemLine({ place, path, what }: Problem): string {
  const where = place.line === null ? place.source : `${place.source}:${place.line}`
  return path === '' ? `${where}: ${what}` : `${where}: ${path}: ${what}`
}

/** One error that says all problems, a line each. */
export function configError(problems: readonly Problem[]): SessionError {
  const lines = problems.map(problemLine)
  const count = lines.length === 1 ? 'one error' : `${lines.length} errors`
  return new SessionError(
    'ERR_SESSION_CONFIG',
    `the configuration has ${count}:\n${lines.join('\n')}`,
  )
}
