import { SessionError } from '@holdfast/core'
import { lmdbStore } from '../../src/index.js'
import { newRecord } from '@holdfast/conformance/records'

/** Opens the folder, writes, reads and closes; sends `ok`, or the code and message of what went wrong. */
const [, , path = ''] = process.argv

async function use(): Promise<string> {
  const store = lmdbStore(path, { timeout: 3000 })
  const record = newRecord({ epoch: store.epoch() })
  await store.insert(record, { now: Date.now(), limit: null })
  const found = store.find(record.id)
  await store.close()
  return found === null ? 'the record was not found' : 'ok'
}

process.send?.(
  await use().catch((error: unknown) =>
    error instanceof SessionError ? `${error.code} ${error.message}` : String(error),
  ),
)
process.disconnect()
