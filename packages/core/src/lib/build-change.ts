import type { ClientToken } from './client-token.js'
import { touchAt } from './due.js'
import type { Engine } from './engine.js'
import { tooLargeError } from './failures.js'
import { andThen, type MaybePromise } from './maybe-promise.js'
import type { Patience } from './patience.js'
import { reservedBytes, type SessionRecord } from './record.js'
import type { RecordChange } from './store.js'
import { verifierHash } from './token.js'
import type { WorkingData } from './working-data.js'

/** What one write of a request is to hold beside what the application wrote. */
export interface WriteParts {
  readonly touch?: boolean
  /** The verifier to renew to. */
  readonly successor?: string | null
  /** Also write old data in its new version. */
  readonly rewrite?: boolean
  readonly extra?: Partial<RecordChange>
}

/** The same, decided for one record at one instant. */
export interface ChangeParts {
  readonly now: number
  readonly generation: number
  readonly touches: boolean
  readonly settles: boolean
  /** The verifier to renew to; null for none. */
  readonly successor: string | null
  /** Also write old data in its new version. */
  readonly rewrites: boolean
  /** The version that the caller asked for; null for any. */
  readonly ifVersion: number | null
  readonly extra: Partial<RecordChange>
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** One change with everything that is due for `record`. */
export function buildChange(
  engine: Engine,
  token: ClientToken,
  data: WorkingData | null,
  record: SessionRecord,
  parts: ChangeParts,
): RecordChange {
  const { now, successor } = parts
  const change: Writable<RecordChange> = { now, ifGeneration: parts.generation, ...parts.extra }
  if (data !== null && (data.dirty || (parts.rewrites && data.outdated))) {
    const { set, unset, migrates } = data.change()
    change.set = set
    change.unset = unset
    change.maxDataBytes = engine.dataRules.maxDataBytes + reservedBytes(record.data)
    if (migrates) change.ifVersion = record.version
  }
  if (parts.ifVersion !== null) change.ifVersion = parts.ifVersion
  if (parts.touches) change.touch = touchAt(engine.policy, now)
  if (parts.settles) change.settle = { verifierHash: record.verifierHash, at: now }
  if (successor !== null) {
    change.rotate = {
      ifVerifierHash: record.verifierHash,
      verifierHash: verifierHash(successor),
      sealed: token.seal(successor, record.id),
      at: now,
    }
  }
  return change
}

/**
 * After a write was `too_large`: the record as it is now, if its reserved values, which do not count, have changed since it was
 * read, so that the write may fit after all. Throws `ERR_SESSION_DATA_TOO_LARGE` otherwise.
 */
export function roomier(
  { store, dataRules }: Engine,
  record: SessionRecord,
  bytes: number,
  patience?: Patience,
): MaybePromise<SessionRecord> {
  const reserved = reservedBytes(record.data)
  return andThen(store.find(record.id, patience), (found) => {
    if (found !== null && reservedBytes(found.data) !== reserved) return found
    throw tooLargeError(bytes - reserved, dataRules.maxDataBytes)
  })
}
