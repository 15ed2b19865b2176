import { hash } from 'node:crypto'
import { ended, type SessionRecord } from '@holdfast/core/store'
import { corrupt } from './errors.js'

/** The counters of the whole store; see `epochs.lua.ts`. */
export interface Epochs {
  readonly current: number
  readonly everyone: number
  readonly everyoneAt: number
  /** Sessions and sign-ins from before it are of a store whose counters were lost: ended. */
  readonly start: number
  readonly everyoneReason: string
  /** As it is stored. */
  readonly text: string
}

const SHAPE = /^1 ([0-9a-f]{8}) ((\d{1,16}) (\d{1,16}) (\d{1,16}) (\d{1,16}) (.*))$/s

/** The reason of sessions from before the counters were lost. */
const LOST = 'store_reset'

/** Reads counters as they are stored under `key`. Throws `ERR_SESSION_STORE_CORRUPT`. */
export function parseEpochs(text: string, key: string): Epochs {
  const [, sum, body = '', current, everyone, everyoneAt, start, everyoneReason = ''] =
    SHAPE.exec(text) ?? []
  if (sum === undefined || hash('sha1', body + key, 'hex').slice(0, 8) !== sum)
    throw corrupt('the revocation counters of the redis store are damaged')
  return {
    current: Number(current),
    everyone: Number(everyone),
    everyoneAt: Number(everyoneAt),
    start: Number(start),
    everyoneReason,
    text,
  }
}

/** The record, shown as ended if it ended with everyone, or with the counters. 0 claims no epoch: it cannot be told. */
export function withEpochs(record: SessionRecord, epochs: Epochs): SessionRecord {
  if (record.epoch < epochs.everyone)
    return ended(record, { at: epochs.everyoneAt, reason: epochs.everyoneReason })
  if (record.epoch > 0 && record.epoch < epochs.start)
    return ended(record, { at: epochs.start, reason: LOST })
  return record
}
