import { SessionError } from '@holdfast/core'
import type { InsertResult, UpdateResult } from '@holdfast/core/store'
import type { Row } from './driver.js'
import { fromRow } from './rows.js'

/** What `insert_session` answered. */
export function readInserted([status, evicted]: Row): InsertResult {
  switch (status) {
    case 'inserted':
      return { status, evicted: idsOf(evicted) }
    case 'exists':
    case 'limit':
    case 'ended':
      return { status }
    default:
      throw unexpected()
  }
}

/** What `update_session` answered for session `id`. */
export function readUpdated([status, bytes, evicted, row]: Row, id: string): UpdateResult {
  switch (status) {
    case 'updated':
      return { status, record: fromRow(row, id), evicted: idsOf(evicted) }
    case 'conflict':
    case 'ended':
      return { status, record: fromRow(row, id) }
    case 'missing':
    case 'limit':
      return { status }
    case 'too_large':
      return { status, bytes: Number(bytes) }
    default:
      throw unexpected()
  }
}

function idsOf(json: unknown): readonly string[] {
  const ids: unknown = typeof json === 'string' ? JSON.parse(json) : null
  if (!Array.isArray(ids)) throw unexpected()
  return ids.map(String)
}

function unexpected(): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE_CORRUPT',
    'PostgreSQL answered with something else than an outcome; are the functions of the schema those of Holdfast?',
  )
}
