import type { Column } from './messages.js'
import type { Operation } from './operations.js'
import { type Answer, clears } from './visitor.js'

/** What an operation is due while the store is in trouble: to be refused, to be served, or the one that is true. */
export type Due = 'refused' | 'served' | 'either'

/** What a kind of trouble leaves of a store. */
export interface Reach {
  readonly reads: Due
  readonly writes: Due
}

/** What an operation is due while the store can be reached so far. */
export function dueOf({ reads, writes }: Reach, { need }: Operation, column: Column): Due {
  if (need === 'nothing') return 'served'
  if (need === 'write') return writes
  // What was read before may be believed for 5 s without a word from the store.
  if (need === 'kept' && column === 'cached' && reads === 'refused') return 'either'
  return reads
}

/** What the application said, in an answer that was served. */
export interface Said {
  readonly id: string | null
  readonly subject: string | null
  readonly keepsake: string | null
  readonly out: unknown
}

export type Verdict =
  | { readonly kind: 'refused' }
  | { readonly kind: 'served'; readonly said: Said }
  /** The application was told that there is no such session any more. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'wrong'; readonly why: string }

/** Reads one answer: a refusal must be one in every respect, and whatever is neither that nor served is wrong. */
export function judge(answer: Answer): Verdict {
  if (answer.status === 503) {
    const why = flaw(answer)
    return why === null ? { kind: 'refused' } : { kind: 'wrong', why: `refused, but ${why}` }
  }
  if (answer.status === 401 && !clears(answer)) return { kind: 'ended' }
  if (answer.status !== 200)
    return { kind: 'wrong', why: `status ${answer.status}: ${answer.body.slice(0, 200)}` }
  const said = readSaid(answer.body)
  if (said === null)
    return { kind: 'wrong', why: `a body that is none: ${answer.body.slice(0, 80)}` }
  return { kind: 'served', said }
}

/** What is wrong with a refusal; null if nothing is. */
function flaw({ headers, body }: Answer): string | null {
  const cookies = headers['set-cookie'] ?? []
  if (cookies.length > 0)
    return clears({ headers }) ? 'it takes the cookie away' : 'it sets a cookie'
  if (headers['cache-control'] !== 'no-store') return 'a cache may keep it'
  if (headers['content-type'] !== 'application/problem+json') return 'it is no problem document'
  if (headers['x-content-type-options'] !== 'nosniff') return 'its type may be guessed'
  for (const name of ['location', 'clear-site-data', 'etag'] as const)
    if (headers[name] !== undefined) return `it has the header ${name}`
  const problem = parse(body)
  const own =
    isObject(problem) &&
    Object.keys(problem).toSorted().join() === 'code,status,type' &&
    problem['status'] === 503 &&
    /^ERR_SESSION_STORE_(?:UNAVAILABLE|TIMEOUT|CORRUPT)$/.test(String(problem['code']))
  return own ? null : `its body says ${body.slice(0, 200)}`
}

function readSaid(body: string): Said | null {
  const said = parse(body)
  if (!isObject(said)) return null
  const { id, subject, keepsake, out } = said
  return isText(id) && isText(subject) && isText(keepsake) ? { id, subject, keepsake, out } : null
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
