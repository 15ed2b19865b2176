const STORE = 'values'

/** Named values in IndexedDB, one database for each client of this origin. Rejects where the browser refuses storage. */
export class Database {
  readonly #name: string
  #opened: Promise<IDBDatabase> | null = null

  constructor(name: string) {
    this.#name = name
  }

  get(key: string): Promise<unknown> {
    return this.update(key)
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.update(key, () => value)
  }

  /** Reads a value and, in the same transaction, writes what `change` makes of it. Undefined from `change` writes nothing. */
  async update(key: string, change?: (old: unknown) => unknown): Promise<unknown> {
    let result: unknown
    await this.#run(change ? 'readwrite' : 'readonly', (store) => {
      const read = store.get(key)
      read.addEventListener('success', () => {
        result = read.result
        const next = change?.(result)
        if (next === undefined) return
        result = next
        store.put(next, key)
      })
    })
    return result
  }

  /** Deletes everything. */
  clear(): Promise<void> {
    return this.#run('readwrite', (store) => store.clear())
  }

  async #run(mode: IDBTransactionMode, work: (store: IDBObjectStore) => unknown): Promise<void> {
    this.#opened ??= this.#open()
    const database = await this.#opened
    await new Promise<void>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode)
      transaction.addEventListener('complete', () => resolve())
      transaction.addEventListener('abort', () => reject(transaction.error))
      work(transaction.objectStore(STORE))
    })
  }

  #open(): Promise<IDBDatabase> {
    const forget = (): void => {
      this.#opened = null
    }
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.#name)
      request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE))
      request.addEventListener('error', () => {
        forget()
        reject(request.error)
      })
      request.addEventListener('success', () => {
        const database = request.result
        // Cleared by the user, or deleted by another tab: the next use opens it anew.
        database.addEventListener('close', forget)
        database.addEventListener('versionchange', () => {
          database.close()
          forget()
        })
        resolve(database)
      })
    })
  }
}
