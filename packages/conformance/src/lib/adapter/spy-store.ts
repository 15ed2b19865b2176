import type { MaybePromise } from '@holdfast/core'
import type {
  Admission,
  Ending,
  InsertResult,
  ListPage,
  ListResult,
  RecordChange,
  RevokeTarget,
  SessionRecord,
  SessionStore,
  StoreCapabilities,
  SweepResult,
  UpdateResult,
} from '@holdfast/core/store'

export type StoreOperation = 'insert' | 'find' | 'update' | 'revoke' | 'list' | 'sweep' | 'epoch'

const CONCERNING: readonly StoreOperation[] = ['insert', 'find', 'update', 'revoke', 'list']

/** Takes the place of one operation; `run` is the real one. */
export type Fault = (run: () => unknown) => unknown

/** A real store, counted, with faults where a case wants them. */
export class SpyStore implements SessionStore {
  readonly store: SessionStore
  readonly capabilities: StoreCapabilities
  readonly watch?: NonNullable<SessionStore['watch']>
  readonly #calls: Partial<Record<StoreOperation, number>> = {}
  readonly #keep: boolean
  readonly #faults = new Map<StoreOperation, Fault>()

  /** `keep`: it outlives this view of it. */
  constructor(store: SessionStore, keep = false) {
    this.store = store
    this.#keep = keep
    this.capabilities = store.capabilities
    const watch = store.watch?.bind(store)
    if (watch !== undefined) this.watch = watch
  }

  /** Calls so far, of one operation, or of all that concern a session: the revocation counter does not. */
  calls(operation?: StoreOperation): number {
    if (operation !== undefined) return this.#calls[operation] ?? 0
    return CONCERNING.reduce((sum, each) => sum + (this.#calls[each] ?? 0), 0)
  }

  /** Calls that write. */
  get writes(): number {
    return this.calls('insert') + this.calls('update') + this.calls('revoke')
  }

  /** From now on the operations do this instead. */
  break(operations: readonly StoreOperation[], fault: Fault): void {
    for (const operation of operations) this.#faults.set(operation, fault)
  }

  /** The store is itself again. */
  mend(): void {
    this.#faults.clear()
  }

  insert(record: SessionRecord, admission: Admission): MaybePromise<InsertResult> {
    return this.#run('insert', () => this.store.insert(record, admission))
  }

  find(id: string): MaybePromise<SessionRecord | null> {
    return this.#run('find', () => this.store.find(id))
  }

  update(id: string, change: RecordChange): MaybePromise<UpdateResult> {
    return this.#run('update', () => this.store.update(id, change))
  }

  revoke(target: RevokeTarget, ending: Ending): MaybePromise<number | null> {
    return this.#run('revoke', () => this.store.revoke(target, ending))
  }

  list(subject: string, page: ListPage): MaybePromise<ListResult> {
    return this.#run('list', () => this.store.list(subject, page))
  }

  sweep(now: number, limit: number): MaybePromise<SweepResult> {
    return this.#run('sweep', () => this.store.sweep(now, limit))
  }

  epoch(): MaybePromise<number> {
    return this.#run('epoch', () => this.store.epoch())
  }

  close(): MaybePromise<void> {
    return this.#keep ? undefined : this.store.close()
  }

  #run<T>(operation: StoreOperation, run: () => T): T {
    this.#calls[operation] = (this.#calls[operation] ?? 0) + 1
    const fault = this.#faults.get(operation)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a fault may answer anything: that is the point
    return fault === undefined ? run() : (fault(run) as T)
  }
}
