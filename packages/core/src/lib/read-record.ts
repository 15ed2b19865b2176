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
  return engine.cache.record(id, engine.now()) ?? readStored(engine, id, patience)
}

/** The same from the store, whatever is remembered here: for what may have been written a moment ago. */
export function readStored(
  engine: Engine,
  id: string,
  patience?: Patience,
): MaybePromise<SessionRecord | null> {
  const { cache, store, now } = engine
  const ticket = cache.ticket()
  return andThen(store.find(id, patience), (record) => {
    if (record !== null) cache.keep(record, now(), ticket)
    return record
  })
}
