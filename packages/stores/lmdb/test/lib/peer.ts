import type { RecordChange } from '@holdfast/core/store'
import { lmdbStore } from '../../src/index.js'
import { newRecord } from '@holdfast/conformance/records'

/** Another process on the same folder, which does as it is asked. */
type Request =
  | {
      readonly do: 'insert'
      readonly subject: string
      readonly max: number
      readonly times: number
    }
  | { readonly do: 'revoke'; readonly id: string }
  | { readonly do: 'increment'; readonly id: string; readonly times: number }

const [, , path = ''] = process.argv
const store = lmdbStore(path)

process.on('message', (request: Request) => {
  void answer(request).then((result) => process.send?.(result))
})
process.send?.('ready')

function answer(request: Request): Promise<unknown> {
  switch (request.do) {
    case 'insert':
      return insert(request.subject, request.max, request.times)
    case 'revoke':
      return Promise.resolve(
        store.revoke({ kind: 'session', id: request.id }, { at: Date.now(), reason: 'peer' }),
      )
    case 'increment':
      return increment(request.id, request.times)
  }
}

async function insert(subject: string, max: number, times: number): Promise<unknown> {
  const limit = { max, onLimit: 'reject' } as const
  const one = async (): Promise<string> => {
    const record = newRecord({ subject })
    const { status } = await store.insert(record, { now: Date.now(), limit })
    return status === 'inserted' ? record.id : status
  }
  return Promise.all(Array.from({ length: times }, one))
}

async function increment(id: string, times: number): Promise<number> {
  let done = 0
  while (done < times) {
    const record = store.find(id)
    if (record === null) throw new Error('the record is gone')
    const count = Number(record.data.get('app:count') ?? 0)
    const set = new Map([['app:count', String(count + 1)]])
    const change: RecordChange = { now: Date.now(), ifVersion: record.version, set }
    if ((await store.update(id, change)).status === 'updated') done += 1
  }
  return done
}
