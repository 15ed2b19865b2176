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

/** A promise if the call has to wait before it is sent to the database, else null. */
type Hold = (operation: string) => Promise<void> | null

/** A real store; what has to do with one session may be kept back before it is sent. */
export class HeldStore implements SessionStore {
  readonly capabilities: StoreCapabilities
  readonly watch?: NonNullable<SessionStore['watch']>
  readonly #store: SessionStore
  readonly #hold: Hold

  constructor(store: SessionStore, hold: Hold) {
    this.#store = store
    this.#hold = hold
    this.capabilities = store.capabilities
    const watch = store.watch?.bind(store)
    if (watch !== undefined) this.watch = watch
  }

  insert(record: SessionRecord, admission: Admission): MaybePromise<InsertResult> {
    return this.#run('insert', () => this.#store.insert(record, admission))
  }

  find(id: string): MaybePromise<SessionRecord | null> {
    return this.#run('find', () => this.#store.find(id))
  }

  update(id: string, change: RecordChange): MaybePromise<UpdateResult> {
    return this.#run('update', () => this.#store.update(id, change))
  }

  revoke(target: RevokeTarget, ending: Ending): MaybePromise<number | null> {
    return this.#run('revoke', () => this.#store.revoke(target, ending))
  }

  list(subject: string, page: ListPage): MaybePromise<ListResult> {
    return this.#store.list(subject, page)
  }

  sweep(now: number, limit: number): MaybePromise<SweepResult> {
    return this.#store.sweep(now, limit)
  }

  epoch(): MaybePromise<number> {
    return this.#store.epoch()
  }

  close(): MaybePromise<void> {
    return this.#store.close()
  }

  #run<T>(operation: string, run: () => MaybePromise<T>): MaybePromise<T> {
    const held = this.#hold(operation)
    return held === null ? run() : held.then(run)
  }
}
