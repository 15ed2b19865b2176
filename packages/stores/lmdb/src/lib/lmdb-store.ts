import {
  findRecord,
  listRecords,
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
  type SweepResult,
  type UpdateResult,
} from '@holdfast/core/store'
import { closed, isDamage, storeFailure, warnOfDamage } from './failures.js'
import { acquireHub, type Hub } from './hub.js'
import { readOptions, type LmdbStoreOptions } from './options.js'
import type { Tables } from './tables.js'
import {
  packInsert,
  packRevoke,
  packSweep,
  packUpdate,
  unpackInsert,
  unpackRevoke,
  unpackSweep,
  unpackUpdate,
  type Answer,
} from './wire.js'

/**
 * A durable store in the folder at `path`, shared by every process of this host that opens it. Reads are synchronous and
 * see what any process has committed; writes resolve once they are on the disk.
 *
 * The folder is made if it is missing. It and its files are for their owner alone: one of ours that is open to others is
 * set to mode 0700, its files to 0600. Throws `ERR_SESSION_STORE_UNAVAILABLE` for a path that cannot be used,
 * `ERR_SESSION_STORE_CORRUPT` for damaged files and `ERR_SESSION_STORE_UNSUPPORTED` for a newer version's.
 *
 * The file system must be local: LMDB's locks and its memory map do not work across a network.
 */
export function lmdbStore(path: string, options: LmdbStoreOptions = {}): LmdbStore {
  if (typeof path !== 'string' || path === '')
    throw new TypeError('lmdbStore(path) must be the path of a folder')
  const limits = readOptions(options)
  return new LmdbStore(path, acquireHub(path, limits))
}

/** What {@link lmdbStore} gives: reads answer at once, writes by promise. */
export class LmdbStore implements SessionStore {
  /** No `timeout`: how long a write may wait for the disk is no measure of how long a visitor should. */
  readonly capabilities: StoreCapabilities
  readonly #path: string
  readonly #hub: Hub
  #closing: Promise<void> | null = null

  constructor(path: string, hub: Hub) {
    this.capabilities = { name: 'lmdb', durable: true, shared: 'host', push: false }
    this.#path = path
    this.#hub = hub
  }

  insert(record: SessionRecord, admission: Admission): Promise<InsertResult> {
    return this.#write(() => packInsert(record, admission), unpackInsert)
  }

  find(id: string): SessionRecord | null {
    return this.#read((tables) => findRecord(tables, id))
  }

  update(id: string, change: RecordChange): Promise<UpdateResult> {
    return this.#write(
      () => packUpdate(id, change),
      (answer) => unpackUpdate(answer, id),
    )
  }

  revoke(target: RevokeTarget, ending: Ending): Promise<number | null> {
    return this.#write(() => packRevoke(target, ending), unpackRevoke)
  }

  list(subject: string, page: ListPage): ListResult {
    return this.#read((tables) => listRecords(readableOf(tables), subject, page))
  }

  sweep(now: number, limit: number): Promise<SweepResult> {
    return this.#write(() => packSweep(now, limit), unpackSweep)
  }

  epoch(): number {
    // As of the last read or acknowledged write: it may lag behind other processes by this turn of the event loop.
    return this.#read((tables) => tables.epochs().current, false)
  }

  close(): Promise<void> {
    this.#closing ??= this.#hub.release()
    return this.#closing
  }

  #read<T>(read: (tables: Tables) => T, renew = true): T {
    if (this.#closing !== null) throw closed(this.#path)
    try {
      return read(this.#hub.tables(renew))
    } catch (error) {
      throw storeFailure(error, this.#path)
    }
  }

  /** Packed in this very turn: what the caller does to its objects afterwards changes nothing. */
  #write<T>(pack: () => readonly [string, string], unpack: (answer: Answer) => T): Promise<T> {
    if (this.#closing !== null) return Promise.reject(closed(this.#path))
    return this.#hub.writer.write(pack(), unpack)
  }
}

/** The tables without what is damaged, which must not keep the others from being seen. */
function readableOf(tables: Tables): Pick<Tables, 'get' | 'epochs' | 'idsOf'> {
  return {
    get(id) {
      try {
        return tables.get(id)
      } catch (error) {
        if (!isDamage(error)) throw error
        warnOfDamage(error.message)
        return null
      }
    },
    epochs: () => tables.epochs(),
    idsOf: (subject, after) => tables.idsOf(subject, after),
  }
}
