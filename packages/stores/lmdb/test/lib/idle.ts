import { lmdbStore } from '../../src/index.js'
import { newRecord } from '@holdfast/conformance/records'

/** Opens a store, writes if it is told to, and has nothing more to do. */
const [, , path = '', write] = process.argv
const store = lmdbStore(path)
if (write === undefined) process.send?.('open')
else {
  void store
    .insert(newRecord(), { now: Date.now(), limit: null })
    .then(({ status }) => process.send?.(status))
}
process.channel?.unref()
