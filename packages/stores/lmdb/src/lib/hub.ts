import { resolve } from 'node:path'
import { closeEnvironment, type Environment } from './environment.js'
import { closed } from './failures.js'
import { folderIdentity, openFolder } from './folder.js'
import type { Limits } from './options.js'
import { Tables } from './tables.js'
import { Writer } from './writer.js'

/** The open folders of this process: stores on one folder share its environment and its writing thread. */
const hubs = new Map<string, Hub>()

/** The hub of the folder at `path`, opened if it was not; {@link Hub.release} gives it back. */
export function acquireHub(path: string, limits: Limits): Hub {
  const environment = openFolder(path)
  const key = folderIdentity(path)
  const open = hubs.get(key)
  if (open !== undefined) {
    closeEnvironment(environment)
    open.users += 1
    return open
  }
  const hub = new Hub(resolve(path), key, environment, limits)
  hubs.set(key, hub)
  return hub
}

/** One open folder. */
export class Hub {
  readonly writer: Writer
  readonly #path: string
  readonly #key: string
  #environment: Environment | null
  #tables: Tables | null
  #closing: Promise<void> | null = null
  users = 1

  constructor(path: string, key: string, environment: Environment, limits: Limits) {
    this.#path = path
    this.#key = key
    this.#environment = environment
    this.#tables = new Tables(environment)
    this.writer = new Writer(path, limits, {
      answered: () => this.#environment?.root.resetReadTxn(),
      beforeRestart: () => this.#reopen(),
    })
  }

  /** The tables, for reads that end before the event loop goes on; as of this moment if `renew` says so. */
  tables(renew: boolean): Tables {
    if (this.#tables === null || this.#environment === null) return this.#reopen()
    // The snapshot would else be kept to the end of this turn, and miss what other processes have committed.
    if (renew) this.#environment.root.resetReadTxn()
    return this.#tables
  }

  release(): Promise<void> {
    this.users -= 1
    if (this.users > 0) return Promise.resolve()
    hubs.delete(this.#key)
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.writer.close()
    this.#closeEnvironment()
  }

  /**
   * A thread that died in the midst of a transaction leaves the environment unusable to this process (MDB_PANIC), until
   * every part of it has been closed.
   */
  #reopen(): Tables {
    if (this.#closing !== null) throw closed(this.#path)
    this.#closeEnvironment()
    this.#environment = openFolder(this.#path)
    this.#tables = new Tables(this.#environment)
    return this.#tables
  }

  #closeEnvironment(): void {
    if (this.#environment !== null) closeEnvironment(this.#environment)
    this.#environment = null
    this.#tables = null
  }
}
