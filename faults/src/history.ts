import { openSync, readFileSync, writeSync } from 'node:fs'

/** What a worker asks of its sessions. */
export type OperationName =
  | 'sign-in'
  | 'check'
  | 'read'
  | 'look'
  | 'set'
  | 'add'
  | 'rotate'
  | 'revoke'
  | 'revoke-all'

/**
 * How it went. `ok`: acknowledged. `no`: refused for good, without an effect, such as on a session that is no more.
 * `unknown`: the store failed, so it may have taken place, or may yet.
 */
export type Outcome = 'ok' | 'no' | 'unknown'

/** One operation of one worker. Instants are milliseconds of the host's monotonic clock. Never holds a token. */
export interface Operation {
  readonly worker: number
  readonly name: OperationName
  readonly start: number
  /** Infinity where the worker did not live to see it. */
  readonly end: number
  readonly outcome: Outcome
  /** The error's code, where one was thrown. */
  readonly code?: string
  readonly session?: string
  readonly subject?: string
  /** When the application saw the request: a sign-in begins here. */
  readonly opened?: number
  /** What the presented token was found to be. */
  readonly status?: 'active' | 'rejected' | 'none'
  readonly reason?: string
  /** Of whom and of which session the answer was, where it was active. */
  readonly seenSubject?: string | null
  readonly seenSession?: string | null
  readonly key?: string
  readonly value?: number
  /** All data, as a `read` found it. */
  readonly data?: Readonly<Record<string, number>>
  readonly absoluteDeadline?: number
  /** The response deletes the client's cookie. */
  readonly cleared?: boolean
}

/** What was done to the store, or happened to a worker, beside the operations. */
export type Mark =
  /** Nobody can have reached the store from `from` to `to`. */
  | { readonly mark: 'down'; readonly from: number; readonly to: number }
  /** The store could be reached again. */
  | { readonly mark: 'up'; readonly at: number }
  /** The store lost all that it had. */
  | { readonly mark: 'emptied'; readonly from: number; readonly to: number }
  | { readonly mark: 'fault'; readonly kind: string; readonly at: number }
  /** A worker's clock was wrong at some time. */
  | { readonly mark: 'clock'; readonly at: number }
  | { readonly mark: 'crash'; readonly worker: number; readonly at: number; readonly error: string }

export interface History {
  readonly operations: readonly Operation[]
  readonly marks: readonly Mark[]
}

type Line = { readonly begun: number } & Operation
type Done = { readonly done: number } & Operation

/** Appends to a history file. What it has written outlives a kill of the process. */
export class HistoryFile {
  readonly #file: number
  #count = 0

  constructor(path: string) {
    this.#file = openSync(path, 'a', 0o600)
  }

  /** Notes that an operation which may change something begins. */
  begin(operation: Omit<Operation, 'end' | 'outcome'>): number {
    this.#count += 1
    this.#write({ begun: this.#count, ...operation })
    return this.#count
  }

  /** Notes an operation; `begun` is what `begin` gave, 0 without. */
  end(begun: number, operation: Operation): void {
    this.#write({ done: begun, ...operation })
  }

  mark(mark: Mark): void {
    this.#write(mark)
  }

  #write(line: object): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }
}

/** All that was noted. What was begun and never ended is `unknown`. */
export function readHistory(paths: readonly string[]): History {
  const operations: Operation[] = []
  const marks: Mark[] = []
  for (const path of paths) {
    const begun = new Map<number, Operation>()
    for (const line of linesOf(path)) {
      if ('mark' in line) marks.push(line)
      else if ('begun' in line)
        begun.set(line.begun, { ...line, end: Infinity, outcome: 'unknown' })
      else {
        begun.delete(line.done)
        operations.push(line)
      }
    }
    operations.push(...begun.values())
  }
  return { operations: operations.toSorted((one, other) => one.start - other.start), marks }
}

function linesOf(path: string): (Mark | Line | Done)[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- HistoryFile wrote it
        return [JSON.parse(text) as Mark | Line | Done]
      } catch {
        return [] // the last line of a process that was killed, or the empty one at the end
      }
    })
}
