import { Problem } from './problem.js'

/** Where a request is directed to: the path as it came, and what stands behind the question mark. */
export interface Target {
  readonly path: string
  readonly query: string
}

/** Never throws: what is no path matches no route. */
export function readTarget(url: string): Target {
  const at = url.indexOf('?')
  return at === -1 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) }
}

/** The parameters by name. Throws a problem for one that stands twice: which of them counts would be a guess. */
export function readQuery(query: string): Readonly<Record<string, string>> {
  const values = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name))
      throw new Problem(400, 'ERR_DAEMON_REQUEST', `${name.slice(0, 64)} is given twice`)
    values.set(name, value)
  }
  return Object.fromEntries(values)
}
