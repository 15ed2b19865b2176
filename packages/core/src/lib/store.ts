import type { MaybePromise } from './maybe-promise.js'
import type { SessionRecord } from './record.js'

/** What a store can promise. `production: true` refuses a store that is not durable. */
export interface StoreCapabilities {
  /** A short name for errors and events, such as `lmdb`. */
  readonly name: string
  /** An acknowledged creation or revocation survives a crash of process and machine. */
  readonly durable: boolean
  /** Who sees one and the same store: this process, every process of this host, every host. */
  readonly shared: 'process' | 'host' | 'network'
  /** `watch` reports every change, so that a cache may trust it. */
  readonly push: boolean
  /**
   * Who deletes what is past its time: `sweep` (the default), or the engine underneath, in its own time, so that `sweep`
   * deletes no records and only tidies what the engine cannot.
   */
  readonly expiry?: 'sweep' | 'engine'
  /** Milliseconds after which a call of this store has failed: the default of `storeTimeout`. Absent: 450. */
  readonly timeout?: number
}

/** How many live sessions a subject may hold, and what happens to one too many. */
export interface SubjectLimit {
  readonly max: number
  readonly onLimit: 'reject' | 'evict-oldest' | 'evict-idle'
}

/** What a store needs to know to let a record in. */
export interface Admission {
  readonly now: number
  /** Null: any number. Counts live sessions of `record.subject`; null subjects are not counted. */
  readonly limit: SubjectLimit | null
}

export type InsertResult =
  | { readonly status: 'inserted'; readonly evicted: readonly string[] }
  /** The id is taken: nothing was written. */
  | { readonly status: 'exists' }
  /** The subject holds as many sessions as it may, and the limit says `reject`. */
  | { readonly status: 'limit' }
  /** Everything, or everything of this subject, was revoked after the record's `epoch`. */
  | { readonly status: 'ended' }

/** A new verifier for the record. Applied only while `ifVerifierHash` is still the present one, else left out silently. */
export interface RotateChange {
  readonly ifVerifierHash: string
  readonly verifierHash: string
  /** The new verifier, sealed under the old one. */
  readonly sealed: string
  readonly at: number
}

/** A new verifier at a change of privilege: the old one, and its predecessor, die at once. The generation grows. */
export interface ReplaceChange {
  readonly verifierHash: string
  readonly at: number
}

/** Binds a subject, or proves it anew. Goes together with `replace`. */
export interface AuthenticateChange {
  readonly subject: string
  /** The store's revocation counter when the request began. */
  readonly epoch: number
  readonly at: number
  readonly methods: readonly string[]
  readonly idleDeadline: number
  /** Taken only where the record has no subject yet: an authenticated session's absolute end never moves (promise P8). */
  readonly absoluteDeadline: number
  readonly persistent: boolean
  readonly limit: SubjectLimit | null
}

/** One atomic change of one record. Every part is optional but `now`. */
export interface RecordChange {
  readonly now: number
  /** Apply only to this version; otherwise `conflict`. */
  readonly ifVersion?: number
  /** Apply only to this generation; otherwise `ended`: the token that the request came with is dead. */
  readonly ifGeneration?: number
  /** Data to write, by `namespace:key`: merged with what is there. */
  readonly set?: ReadonlyMap<string, string>
  /** Data to remove; a missing key is no error. */
  readonly unset?: readonly string[]
  /** Remove all data before `set` is applied. */
  readonly clear?: boolean
  /** Refuse with `too_large` if the data would take more bytes than this. */
  readonly maxDataBytes?: number
  /** Record activity. Neither instant ever moves back, nor the idle deadline past the absolute one. */
  readonly touch?: { readonly lastSeenAt: number; readonly idleDeadline: number }
  /** The present verifier has been presented: if it is still this one, its predecessor's grace starts. */
  readonly settle?: { readonly verifierHash: string; readonly at: number }
  readonly rotate?: RotateChange
  readonly replace?: ReplaceChange
  readonly authenticate?: AuthenticateChange
}

export type UpdateResult =
  | {
      readonly status: 'updated'
      readonly record: SessionRecord
      readonly evicted: readonly string[]
    }
  | { readonly status: 'conflict'; readonly record: SessionRecord }
  | { readonly status: 'missing' }
  /** Revoked, expired, or of another generation: nothing was written. */
  | { readonly status: 'ended'; readonly record: SessionRecord }
  | { readonly status: 'limit' }
  | { readonly status: 'too_large'; readonly bytes: number }

/** What to revoke. */
export type RevokeTarget =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'subject'; readonly subject: string; readonly except?: string }
  | { readonly kind: 'everyone' }

/** When and why. */
export interface Ending {
  readonly at: number
  readonly reason: string
}

export interface ListPage {
  /** Continue after this id; from the start if absent. */
  readonly after?: string
  /** At most this many records, 1 to 1,000. */
  readonly limit: number
  readonly now: number
  /**
   * Ended sessions too, as long as their tombstones are kept; of a subject with very many, a store may give the newest ones
   * only, sixteen at least. Default `false`.
   */
  readonly includeEnded?: boolean
}

export interface ListResult {
  /** Ordered by id. */
  readonly records: readonly SessionRecord[]
  /** Pass as `after` for the next page; null at the end. */
  readonly next: string | null
}

export interface SweepResult {
  readonly deleted: number
  /** More may be due: call again. */
  readonly more: boolean
}

/** What `watch` reports. */
export type StoreNotice =
  /** This record was inserted, changed, revoked or deleted. */
  | { readonly kind: 'changed'; readonly id: string }
  /** Any record may have changed: trust nothing that was read before. */
  | { readonly kind: 'reset' }
  /** Every change made up to `age` milliseconds ago has been reported. Without it a record is believed for 5 s. */
  | { readonly kind: 'confirmed'; readonly age: number }
  /** The channel is down: notices may be missing from now on. */
  | { readonly kind: 'unhealthy' }
  /** The channel is up again; what was read before is still not to be trusted. */
  | { readonly kind: 'healthy' }

/**
 * Where sessions are kept. Every method is one atomic operation of the engine underneath: no other process sees it half
 * done, and two of them on one record happen one after the other.
 *
 * Absence is a value. A failure is a thrown or rejected `SessionError` whose code begins with `ERR_SESSION_STORE_`;
 * after one, it is unknown whether the operation took place. An embedded store may answer at once, without a promise.
 *
 * `@holdfast/conformance/store` proves an implementation; `transitions.ts` holds the rules as pure functions, for stores
 * that can run them inside a transaction.
 */
export interface SessionStore {
  readonly capabilities: StoreCapabilities

  /** Adds a record. Never overwrites: a taken id is `exists`. Durable, where the store is, when it returns. */
  insert(record: SessionRecord, admission: Admission): MaybePromise<InsertResult>

  /**
   * The record under this id, or null. Ended and expired records are returned as long as they are kept; one ended by a
   * revocation of everyone carries `revokedAt` and `reason` like any other. A damaged, foreign or misplaced value is
   * `ERR_SESSION_STORE_CORRUPT`, never a record.
   */
  find(id: string): MaybePromise<SessionRecord | null>

  /** Changes a live record. Never creates one, never revives one. */
  update(id: string, change: RecordChange): MaybePromise<UpdateResult>

  /**
   * Ends sessions and returns how many were live; null for everyone, which is not counted. Durable when it returns; nothing that was in flight brings one back.
   * A missing or already ended session counts 0 and keeps its first reason. Revoking a subject or everyone also refuses
   * every later insert or sign-in whose epoch is from before.
   */
  revoke(target: RevokeTarget, ending: Ending): MaybePromise<number | null>

  /**
   * Records of one subject, ordered by id. One that is damaged is left out, with a process warning: it must not hide the
   * others. What cannot be read now, or by this version, is an error: a list that is short of live sessions would mislead.
   */
  list(subject: string, page: ListPage): MaybePromise<ListResult>

  /**
   * Looks at no more than `limit` records that may be due and deletes those past their time (`purgeAt`), at the latest one
   * second after it. Cost grows with what is due, not with what is stored.
   */
  sweep(now: number, limit: number): MaybePromise<SweepResult>

  /** The revocation counter: grows with each revocation of a subject or of everyone. May lag, never lead. */
  epoch(): MaybePromise<number>

  /** Reports changes until the returned function is called. Present where `capabilities.push` is true. */
  watch?(listener: (notice: StoreNotice) => void): () => void

  /** Releases files, connections and timers. Calls after it fail with `ERR_SESSION_STORE_CLOSED`. Idempotent. */
  close(): MaybePromise<void>
}
