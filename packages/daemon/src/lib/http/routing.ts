import type { Operation } from './operations.js'
import { Problem } from './problem.js'

export interface Match {
  readonly operation: Operation
  readonly id: string
}

/** Finds the operation of a request. Throws a problem where there is none. */
export type Router = (method: string, path: string) => Match

const PARAMETER = '{id}'

/** Makes the router of one door. */
export function createRouter(operations: readonly Operation[]): Router {
  const fixed = new Map<string, Operation[]>()
  const prefixed = new Map<string, Operation[]>()
  for (const operation of operations) {
    const { path } = operation.route
    const [table, key] = path.endsWith(PARAMETER)
      ? [prefixed, path.slice(0, -PARAMETER.length)]
      : [fixed, path]
    table.set(key, [...(table.get(key) ?? []), operation])
  }
  return (method, path) => {
    const at = path.lastIndexOf('/') + 1
    const here = fixed.get(path)
    const below = here === undefined ? prefixed.get(path.slice(0, at)) : undefined
    const found = here ?? below
    if (found === undefined) throw new Problem(404, 'ERR_DAEMON_NOT_FOUND', 'there is no such path')
    return { operation: choose(found, method), id: below === undefined ? '' : path.slice(at) }
  }
}

function choose(operations: readonly Operation[], method: string): Operation {
  // RFC 9110 §9.3.2: HEAD is GET without the body, which node leaves out.
  const asked = method === 'HEAD' ? 'GET' : method
  const found = operations.find(({ route }) => route.method === asked)
  if (found !== undefined) return found
  const allowed = operations.map(({ route }) =>
    route.method === 'GET' ? 'GET, HEAD' : route.method,
  )
  const detail = `this path answers ${allowed.join(', ')}`
  throw new Problem(405, 'ERR_DAEMON_METHOD', detail, { Allow: allowed.join(', ') })
}
