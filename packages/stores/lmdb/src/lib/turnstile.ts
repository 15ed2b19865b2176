import { open, type RootDatabase } from 'lmdb'

/** The file in the folder; LMDB puts `turnstile.mdb-lock` beside it. */
export const TURNSTILE = 'turnstile.mdb'

const OPTIONS = {
  encoding: 'binary' as const,
  keyEncoding: 'binary' as const,
  noSubdir: true,
  maxDbs: 1,
  mapSize: 2 ** 20,
  overlappingSync: false,
  eventTurnBatching: false,
  permissionsMode: 0o600,
}

/**
 * Lets one thread of one process at a time through: to commit, or to open the data file.
 *
 * LMDB alone does not keep the two apart. When an environment is opened, lmdb 3.5.6 sets the shared number of the last
 * transaction from what it has read of the file a moment before, without a lock (`mdb_env_open2`). A commit in between is
 * taken back: readers see the state before it, and the next writer builds on pages that are in use again
 * (`MDB_BAD_TXN: mdb_page_touch no parent`, see KILLS.md).
 *
 * The turnstile is the write lock of a second environment in which nothing is ever written. The kernel opens it again
 * when a process dies in it.
 */
export class Turnstile {
  readonly #root: RootDatabase<Buffer, Buffer>

  /** `file` is made if it is missing. */
  constructor(file: string) {
    this.#root = open<Buffer, Buffer>(file, OPTIONS)
  }

  /** Runs `work` while nobody else is in it. Not to be nested. */
  pass<T>(work: () => T): T {
    // Boxed: the package waits for a result that looks like a promise.
    const { value } = this.#root.transactionSync(() => {
      if (!(this.#root.getWriteTxnId() > 0)) throw new Error('the turnstile cannot be locked')
      return { value: work() }
    })
    return value
  }

  close(): void {
    void this.#root.close()
  }
}
