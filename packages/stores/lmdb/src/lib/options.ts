/** Limits of a store on one folder. The defaults suit a web server. */
export interface LmdbStoreOptions {
  /**
   * Milliseconds that a write may wait for the disk, or for another process that holds the folder's lock, before it
   * fails with `ERR_SESSION_STORE_UNAVAILABLE`. It is then unknown whether it took place. Default 5,000.
   */
  readonly timeout?: number
  /** Writes that may be pending at once; one more fails at once with `ERR_SESSION_STORE_UNAVAILABLE`. Default 10,000. */
  readonly maxPending?: number
}

export interface Limits {
  readonly timeout: number
  readonly maxPending: number
}

/** The options with their defaults; a value of the wrong type is a TypeError that names it. */
export function readOptions(options: LmdbStoreOptions): Limits {
  return {
    timeout: positiveInteger(options.timeout, 5000, 'timeout'),
    maxPending: positiveInteger(options.maxPending, 10_000, 'maxPending'),
  }
}

function positiveInteger(value: unknown, preset: number, name: string): number {
  if (value === undefined) return preset
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw new TypeError(`lmdbStore(path, { ${name} }) must be a whole number above 0`)
}
