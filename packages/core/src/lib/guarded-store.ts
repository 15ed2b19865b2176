import type { CheckCache } from './check-cache.js'
import { SessionError } from './errors.js'
import type { Events } from './events.js'
import { andThen, isPromise, type MaybePromise } from './maybe-promise.js'
import { Patience } from './patience.js'
import type { SessionRecord } from './record.js'
import type {
  Admission,
  Ending,
  InsertResult,
  ListPage,
  ListResult,
  RecordChange,
  RevokeTarget,
  SessionStore,
  SweepResult,
  UpdateResult,
} from './store.js'

/** What a call's deadline comes from. */
export type Waiting = Pick<Patience, 'begin' | 'end'>

/**
 * The store as the manager uses it: every call has a deadline (its request's, where it has one), every failure is a
 * `SessionError` and an event, and a record under another's key is a failure. Only calls that may safely happen twice are
 * retried, once.
 */
export class GuardedStore {
  readonly store: SessionStore
  readonly #events: Events
  readonly #timeout: number
  readonly #cache: CheckCache

  constructor(store: SessionStore, cache: CheckCache, events: Events, timeout: number) {
    this.#cache = cache
    this.store = store
    this.#events = events
    this.#timeout = timeout
  }

  /** For the calls of one request, which has waited so many milliseconds for the store already. */
  patience(waited = 0): Patience {
    return new Patience(this.#timeout, waited)
  }

  find(id: string, patience?: Waiting): MaybePromise<SessionRecord | null> {
    let found: MaybePromise<SessionRecord | null>
    try {
      found = this.store.find(id)
    } catch (error) {
      throw this.#failure('find', error)
    }
    if (!isPromise(found)) return this.#own('find', id, found)
    return this.#wait('find', found, () => this.store.find(id), patience).then((record) =>
      this.#own('find', id, record),
    )
  }

  insert(
    record: SessionRecord,
    admission: Admission,
    patience?: Waiting,
  ): MaybePromise<InsertResult> {
    return this.#call('insert', () => this.store.insert(record, admission), null, patience)
  }

  /** The process's own cache never outlives its own change, however late the store's notice is. */
  update(id: string, change: RecordChange, patience?: Waiting): MaybePromise<UpdateResult> {
    return andThen(
      this.#call('update', () => this.store.update(id, change), null, patience),
      (result) => {
        this.#cache.changed(id)
        if ('record' in result) this.#own('update', id, result.record)
        return result
      },
    )
  }

  revoke(target: RevokeTarget, ending: Ending, patience?: Waiting): MaybePromise<number | null> {
    const run = (): MaybePromise<number | null> => this.store.revoke(target, ending)
    const again = (): MaybePromise<number | null> =>
      andThen(run(), (count) => (count === 0 ? this.#endedBefore(target, ending) : count))
    return andThen(this.#call('revoke', run, again, patience), (count) => {
      if (target.kind === 'session') this.#cache.changed(target.id)
      else this.#cache.reset()
      return count
    })
  }

  /** The first try may have ended the session, and only its answer was lost: whoever watches is to hear of it. */
  #endedBefore(target: RevokeTarget, { at, reason }: Ending): MaybePromise<number> {
    if (target.kind !== 'session') return 0
    return andThen(this.store.find(target.id), (record) =>
      record?.revokedAt === at && record.reason === reason ? 1 : 0,
    )
  }

  list(subject: string, page: ListPage): MaybePromise<ListResult> {
    const run = (): MaybePromise<ListResult> => this.store.list(subject, page)
    return this.#call('list', run, run)
  }

  sweep(now: number, limit: number): MaybePromise<SweepResult> {
    return this.#call('sweep', () => this.store.sweep(now, limit))
  }

  epoch(): MaybePromise<number> {
    let epoch: MaybePromise<number>
    try {
      epoch = this.store.epoch()
    } catch (error) {
      throw this.#failure('epoch', error)
    }
    return isPromise(epoch) ? this.#wait('epoch', epoch, () => this.store.epoch()) : epoch
  }

  #own(operation: string, id: string, record: SessionRecord | null): SessionRecord | null {
    if (record === null || record?.id === id) return record
    const message = `the store answered for session ${id} with something else than its record`
    throw this.#failure(operation, new SessionError('ERR_SESSION_STORE_CORRUPT', message))
  }

  #call<T>(
    operation: string,
    run: () => MaybePromise<T>,
    again: (() => MaybePromise<T>) | null = null,
    patience?: Waiting,
  ): MaybePromise<T> {
    let result: MaybePromise<T>
    try {
      result = run()
    } catch (error) {
      throw this.#failure(operation, error)
    }
    return isPromise(result) ? this.#wait(operation, result, again, patience) : result
  }

  /** One promise for call, second try and deadline: every check on a store across a network comes by here. */
  #wait<T>(
    operation: string,
    first: Promise<T>,
    again: (() => MaybePromise<T>) | null,
    patience: Waiting = this.patience(),
  ): Promise<T> {
    const allowed = patience.begin()
    return new Promise<T>((resolve, reject) => {
      let over = false
      let retry = again
      const end = (givenUp: boolean): void => {
        over = true
        clearTimeout(timer)
        patience.end(givenUp)
      }
      const timer = setTimeout(() => {
        end(true)
        reject(this.#failure(operation, this.#timedOut(operation, allowed)))
      }, allowed)
      const done = (value: T): void => {
        if (over) return
        end(false)
        resolve(value)
      }
      const failed = (cause: unknown): void => {
        // Nobody waits for a second try any more once the deadline has passed.
        if (over) return
        const run = retry
        retry = null
        if (run !== null && isRetryable(cause)) {
          tryAgain(run).then(done, failed)
          return
        }
        end(false)
        reject(this.#failure(operation, cause))
      }
      first.then(done, failed)
    })
  }

  #timedOut(operation: string, allowed: number): SessionError {
    const { name } = this.store.capabilities
    const left = allowed < this.#timeout ? `, of which ${Math.floor(allowed)} ms were left` : ''
    return new SessionError(
      'ERR_SESSION_STORE_TIMEOUT',
      `the ${name} store did not finish '${operation}' within ${this.#timeout} ms${left}`,
      { retryable: true },
    )
  }

  #failure(operation: string, error: unknown): SessionError {
    const store = this.store.capabilities.name
    const failure =
      error instanceof SessionError
        ? error
        : new SessionError(
            'ERR_SESSION_STORE_UNAVAILABLE',
            `the ${store} store failed in '${operation}'`,
            {
              cause: error,
              retryable: true,
            },
          )
    this.#events.emit('store_failed', { store, operation, code: failure.code })
    return failure
  }
}

async function tryAgain<T>(run: () => MaybePromise<T>): Promise<T> {
  return await run()
}

/** A driver's own error may be a passing one; ours says whether it is. */
function isRetryable(error: unknown): boolean {
  return !(error instanceof SessionError) || error.retryable
}
