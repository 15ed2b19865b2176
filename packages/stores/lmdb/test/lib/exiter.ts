import { lmdbStore } from '../../src/index.js'
import { newRecord } from '@holdfast/conformance/records'

/** Writes all the time and exits in the midst of it, after so many milliseconds: by a call, or by an error. */
const [, , path = '', wait = '', how] = process.argv
const store = lmdbStore(path)

async function write(): Promise<never> {
  for (;;) {
    const records = Array.from({ length: 20 }, () => newRecord())
    await Promise.all(
      records.map((record) => store.insert(record, { now: Date.now(), limit: null })),
    )
  }
}

void write()
setTimeout(() => {
  if (how === 'error') throw new Error('the application failed')
  process.exit(7)
}, Number(wait))
