export { lmdbStore, type LmdbStore } from './lib/lmdb-store.js'
export type { LmdbStoreOptions } from './lib/options.js'
