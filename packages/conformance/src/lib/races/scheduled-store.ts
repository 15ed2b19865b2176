import type { MaybePromise } from '@holdfast/core'
import type { RevokeTarget, SessionStore } from '@holdfast/core/store'
import type * as fc from 'fast-check'

/** What happens to one store call: nothing, lost on its way there, or carried out and its answer lost. */
export type Fault = 'none' | 'before' | 'after'

/** Where a race looks on. */
export interface Watcher {
  /** The fate of the next call. Default: none fails. */
  readonly fault?: () => Fault
  /** Just before a revocation reaches the store. */
  readonly revoking?: (target: RevokeTarget) => void
  /** Just after a call was carried out, before its answer arrives. */
  readonly done?: (result: unknown) => MaybePromise<void>
}

/**
 * The store as a network would show it: each call arrives, and each answer comes back, when the scheduler says so. All
 * interleavings of the requests that use it can thus be had, and had again by the same seed.
 *
 * `epoch` is left as it is: it is read before anything else of a request, which is what it is for.
 */
export function scheduledStore(
  store: SessionStore,
  scheduler: fc.Scheduler,
  { fault = () => 'none', revoking, done }: Watcher = {},
): SessionStore {
  const step = async <T>(method: string, call: () => MaybePromise<T>): Promise<T> => {
    const fate = fault()
    await scheduler.schedule(Promise.resolve(), `${method} arrives`)
    if (fate === 'before') throw new Error('lost on its way to the store')
    const result = await call()
    await done?.(result)
    await scheduler.schedule(Promise.resolve(), `${method} is answered`)
    if (fate === 'after') throw new Error('the answer was lost')
    return result
  }
  return {
    capabilities: store.capabilities,
    insert: (record, admission) => step('insert', () => store.insert(record, admission)),
    find: (id) => step('find', () => store.find(id)),
    update: (id, change) => step('update', () => store.update(id, change)),
    revoke: (target, ending) =>
      step('revoke', () => {
        revoking?.(target)
        return store.revoke(target, ending)
      }),
    list: (subject, page) => step('list', () => store.list(subject, page)),
    sweep: (now, limit) => step('sweep', () => store.sweep(now, limit)),
    epoch: () => store.epoch(),
    ...watchOf(store),
    // Several managers share one store: none of them closes it.
    close: () => undefined,
  }
}

/** The store itself for one more manager, which does not close it. */
export function shared(store: SessionStore): SessionStore {
  return {
    capabilities: store.capabilities,
    insert: (record, admission) => store.insert(record, admission),
    find: (id) => store.find(id),
    update: (id, change) => store.update(id, change),
    revoke: (target, ending) => store.revoke(target, ending),
    list: (subject, page) => store.list(subject, page),
    sweep: (now, limit) => store.sweep(now, limit),
    epoch: () => store.epoch(),
    ...watchOf(store),
    close: () => undefined,
  }
}

function watchOf(store: SessionStore): Pick<SessionStore, 'watch'> {
  if (!('watch' in store)) return {}
  return { watch: (listener) => store.watch?.(listener) ?? (() => undefined) }
}
