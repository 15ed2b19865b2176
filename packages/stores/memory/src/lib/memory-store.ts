import { SessionError } from '@holdfast/core'
import {
  findRecord,
  insertRecord,
  listRecords,
  revokeRecords,
  sweepRecords,
  updateRecord,
  type Admission,
  type Ending,
  type InsertResult,
  type ListPage,
  type ListResult,
  type RecordChange,
  type RevokeTarget,
  type SessionRecord,
  type SessionStore,
  type StoreCapabilities,
  type StoreNotice,
  type SweepResult,
  type UpdateResult,
} from '@holdfast/core/store'
import { Tables } from './tables.js'

const CAPABILITIES: StoreCapabilities = {
  name: 'memory',
  durable: false,
  shared: 'process',
  push: true,
}

/**
 * A store in this process's memory: for tests and development. Everything is forgotten when the process ends, and
 * `production: true` refuses it.
 */
export function memoryStore(): SessionStore {
  return new MemoryStore()
}

/** Every method runs to its end without giving way, which makes it one atomic operation. */
class MemoryStore implements SessionStore {
  readonly capabilities = CAPABILITIES
  readonly #tables: Tables
  readonly #listeners = new Set<(notice: StoreNotice) => void>()
  #closed = false

  constructor() {
    this.#tables = new Tables((id) => this.#notify({ kind: 'changed', id }))
  }

  insert(record: SessionRecord, admission: Admission): InsertResult {
    return insertRecord(this.#open(), record, admission)
  }

  find(id: string): SessionRecord | null {
    return findRecord(this.#open(), id)
  }

  update(id: string, change: RecordChange): UpdateResult {
    return updateRecord(this.#open(), id, change)
  }

  revoke(target: RevokeTarget, ending: Ending): number | null {
    const count = revokeRecords(this.#open(), target, ending)
    if (target.kind === 'everyone') this.#notify({ kind: 'reset' })
    return count
  }

  list(subject: string, page: ListPage): ListResult {
    return listRecords(this.#open(), subject, page)
  }

  sweep(now: number, limit: number): SweepResult {
    return sweepRecords(this.#open(), now, limit)
  }

  epoch(): number {
    return this.#open().epochs().current
  }

  watch(listener: (notice: StoreNotice) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  close(): void {
    this.#closed = true
    this.#listeners.clear()
  }

  #notify(notice: StoreNotice): void {
    for (const listener of this.#listeners) listener(notice)
  }

  #open(): Tables {
    if (!this.#closed) return this.#tables
    throw new SessionError('ERR_SESSION_STORE_CLOSED', 'the memory store was closed')
  }
}
