/** For stores: the contract, the rules as pure functions, and the record's encoding. */
export type * from './lib/store.js'
export type { PreviousVerifier, SessionRecord } from './lib/record.js'
export { dataBytes, expiresAt, isLive, purgeAt } from './lib/record.js'
export { FindBatch } from './lib/find-batch.js'
export type { Found } from './lib/find-batch.js'
export { ByteReader } from './lib/bytes.js'
export { decodeRecord, encodeRecord } from './lib/codec.js'
export { admit, applyChange, ended, EVICTED } from './lib/transitions.js'
export {
  findRecord,
  insertRecord,
  listRecords,
  NO_EPOCHS,
  revokeRecords,
  sweepRecords,
  updateRecord,
} from './lib/operations.js'
export type { Barrier, Epochs, StoreTransaction } from './lib/operations.js'
export { isSessionId, verifierHash } from './lib/token.js'
