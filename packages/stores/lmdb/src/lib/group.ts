import { join } from 'node:path'
import { SessionError } from '@holdfast/core'
import { insertRecord, revokeRecords, sweepRecords, updateRecord } from '@holdfast/core/store'
import { storeFailure } from './failures.js'
import type { Folder } from './folder.js'
import { CommitCounter } from './header.js'
import { Tables } from './tables.js'
import {
  packAnswer,
  packError,
  unpackOperation,
  type Answer,
  type Operation,
  type Outcome,
  type Packed,
} from './wire.js'

/** Runs groups of operations, each group in one durable transaction. */
export class GroupRunner {
  readonly #folder: Folder
  readonly #commits: CommitCounter
  readonly #path: string
  readonly #isWanted: (group: number) => boolean
  #isUsable = true

  /** `isWanted` says whether anyone still waits for a group: one that was given up must not take place later. */
  constructor(folder: Folder, path: string, isWanted: (group: number) => boolean) {
    this.#folder = folder
    this.#commits = new CommitCounter(join(path, 'data.mdb'))
    this.#path = path
    this.#isWanted = isWanted
  }

  /** False once the environment refuses to begin a transaction: it must be closed and opened again. */
  get isUsable(): boolean {
    return this.#isUsable
  }

  /** One answer per operation, once what they report is on the disk. */
  run(group: number, packed: Packed): Answer[] {
    try {
      return this.#commit(group, packed)
    } catch (error) {
      if (!(error instanceof HalfDone)) return failAll(packed, storeFailure(error, this.#path))
      if (packed.length === 2) return failAll(packed, storeFailure(error.cause, this.#path))
      return this.#oneByOne(group, packed)
    }
  }

  /** After a failure in the midst of a group: only the operation at fault shall fail. */
  #oneByOne(group: number, packed: Packed): Answer[] {
    const answers: Answer[] = []
    for (let at = 0; at < packed.length; at += 2)
      answers.push(...this.run(group, packed.slice(at, at + 2)))
    return answers
  }

  close(): void {
    this.#commits.close()
  }

  #commit(group: number, packed: Packed): Answer[] {
    const { environment, turnstile } = this.#folder
    const { root } = environment
    return turnstile.pass(() =>
      root.transactionSync(() => {
        this.#checkBegun(root.getWriteTxnId())
        const tables = new Tables(environment)
        const answers: Answer[] = []
        for (let at = 0; at < packed.length; at += 2)
          answers.push(attempt(tables, packed[at] ?? '', packed[at + 1] ?? ''))
        if (!this.#isWanted(group)) throw new Error('given up: the lock came too late')
        return answers
      }),
    )
  }

  /**
   * The package does not look whether its transaction has begun: without one, reads come from an older snapshot or fail
   * with MDB_BAD_TXN. And another tool that has opened the file may have taken the last commit back (see `turnstile.ts`).
   */
  #checkBegun(transaction: number): void {
    this.#isUsable = transaction === this.#commits.last() + 1
    if (!this.#isUsable) throw new Error('the transaction does not follow the last one')
  }
}

/** An operation failed after it had begun to write: its transaction must not be committed. */
class HalfDone extends Error {}

function attempt(tables: Tables, head: string, argument: string): Answer {
  const { mutations } = tables
  try {
    return packAnswer(perform(tables, unpackOperation(head, argument)))
  } catch (error) {
    // Any failure of the engine's own makes its transaction useless, even a read's.
    if (tables.mutations > mutations || !(error instanceof SessionError))
      throw new HalfDone('the operation failed half done', { cause: error })
    return packError(error)
  }
}

function perform(tables: Tables, operation: Operation): Outcome {
  switch (operation.kind) {
    case 'insert':
      return insertRecord(tables, operation.record, operation.admission)
    case 'update':
      return updateRecord(tables, operation.id, operation.change)
    case 'revoke':
      return revokeRecords(tables, operation.target, operation.ending)
    case 'sweep':
      return sweepRecords(tables, operation.now, operation.limit)
  }
}

function failAll(packed: Packed, error: SessionError): Answer[] {
  return Array.from({ length: packed.length / 2 }, () => packError(error))
}
