import type { Engine } from './engine.js'
import { andThen, type MaybePromise } from './maybe-promise.js'
import type { Patience } from './patience.js'
import type { SessionRecord } from './record.js'

/**
 * The record under this id as it stands now: from memory while the store pushes every change, believed for 5 s at most,
 * else from the store. Null if there is none. Errors: store errors.
 */
export function readRecord(
  engine: Engine,
  id: string,
  patience?: Patience,
): MaybePromise<SessionRecord | null> {
  const { cache, store, now } = engine
  const known = cache.record(id, now())
  if (known !== null) return known
  const ticket = cache.ticket()
  return andThen(store.find(id, patience), (record) => {
    if (record !== null) cache.keep(record, now(), ticket)
    return record
  })
}
