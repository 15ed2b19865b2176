import { resolve } from 'node:path'
import { closed, storeFailure } from './failures.js'
import { closeFolder, folderIdentity, openFolder, prepareFolder, type Folder } from './folder.js'
import { KeptRecords } from './kept-records.js'
import type { Limits } from './options.js'
import { Tables } from './tables.js'
import { Writer } from './writer.js'

/** The open folders of this process: stores on one folder share its environment and its writing thread. */
const hubs = new Map<string, Hub>()

/** The hub of the folder at `path`, opened if it was not; {@link Hub.release} gives it back. */
export function acquireHub(path: string, limits: Limits): Hub {
  const full = resolve(path)
  try {
    prepareFolder(full)
    const open = hubs.get(folderIdentity(full) ?? '')
    if (open !== undefined) {
      open.users += 1
      return open
    }
    const hub = new Hub(full, limits)
    hubs.set(hub.key, hub)
    return hub
  } catch (error) {
    throw storeFailure(error, full)
  }
}

/** One open folder. */
export class Hub {
  readonly writer: Writer
  readonly key: string
  readonly #path: string
  #folder: Folder | null
  #tables: Tables | null
  #closing: Promise<void> | null = null
  users = 1

  constructor(path: string, limits: Limits) {
    this.#path = path
    this.#folder = openFolder(path)
    this.#tables = new Tables(this.#folder.environment, new KeptRecords())
    this.key = folderIdentity(path) ?? ''
    this.writer = new Writer(path, limits, {
      answered: () => this.#folder?.environment.root.resetReadTxn(),
      beforeRestart: () => this.#reopen(),
    })
  }

  /** The tables, for reads that end before the event loop goes on; as of this moment if `renew` says so. */
  tables(renew: boolean): Tables {
    if (this.#tables === null || this.#folder === null) return this.#reopen()
    // The snapshot would else be kept to the end of this turn, and miss what other processes have committed.
    if (renew) this.#folder.environment.root.resetReadTxn()
    return this.#tables
  }

  release(): Promise<void> {
    this.users -= 1
    if (this.users > 0) return Promise.resolve()
    hubs.delete(this.key)
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.writer.close()
    this.#closeFolder()
  }

  /**
   * A thread that died in the midst of a transaction leaves the environment unusable to this process (MDB_PANIC), until
   * every part of it has been closed.
   */
  #reopen(): Tables {
    if (this.#closing !== null) throw closed(this.#path)
    this.#closeFolder()
    this.#folder = openFolder(this.#path)
    this.#tables = new Tables(this.#folder.environment, new KeptRecords())
    return this.#tables
  }

  #closeFolder(): void {
    if (this.#folder !== null) closeFolder(this.#folder)
    this.#folder = null
    this.#tables = null
  }
}
