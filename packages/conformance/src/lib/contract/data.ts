import assert from 'node:assert/strict'
import type { CaseDefinition } from '../definition.js'
import { allOf, expectRefused, expectStored, expectUpdated, insertAll } from '../expect.js'
import { aChange, aRecord, idOf } from '../records.js'
import { ODD_KEYS, ODD_TEXTS } from './odd.js'

/** update: data is merged by key. */
export const dataCases: readonly CaseDefinition[] = [
  {
    name: 'data: distinct keys merge, the same key is replaced',
    contract: 'set is merged with what is there.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord({ data: new Map([['app:a', '1']]) })])
      await expectUpdated(store, id, aChange({ set: new Map([['app:b', '2']]) }))
      const after = await expectUpdated(store, id, aChange({ set: new Map([['app:a', '3']]) }))
      const expected = new Map([
        ['app:a', '3'],
        ['app:b', '2'],
      ])
      assert.deepEqual(new Map(after.data), expected)
    },
  },
  {
    name: 'data: 100 updates at once of 100 keys leave 100 keys',
    contract: 'set is merged with what is there (promise P3: no lost update).',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord()])
      const keys = Array.from({ length: 100 }, (_, n) => `app:k${n}`)
      const results = await allOf(
        keys.map((key, n) => store.update(id, aChange({ set: new Map([[key, String(n)]]) }))),
      )
      assert.ok(results.every(({ status }) => status === 'updated'))
      const found = await store.find(id)
      assert.equal(found?.version, 101, 'the version after 100 updates')
      assert.deepEqual([...found.data.keys()].toSorted(), keys.toSorted())
    },
  },
  {
    name: 'data: unset removes, and a missing key is no error',
    contract: 'unset: data to remove; a missing key is no error.',
    async run({ store }) {
      const { id } = aRecord()
      const data = new Map([
        ['app:a', '1'],
        ['app:b', '2'],
      ])
      await insertAll(store, [aRecord({ data })])
      const after = await expectUpdated(store, id, aChange({ unset: ['app:a', 'app:missing'] }))
      assert.deepEqual([...after.data], [['app:b', '2']])
      const empty = await expectUpdated(store, id, aChange({ unset: ['app:b', 'app:b'] }))
      assert.equal(empty.data.size, 0)
    },
  },
  {
    name: 'data: a key that is both unset and set is set',
    contract: 'unset removes, then set is merged.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord({ data: new Map([['app:a', '1']]) })])
      const change = aChange({ unset: ['app:a'], set: new Map([['app:a', '2']]) })
      assert.equal((await expectUpdated(store, id, change)).data.get('app:a'), '2')
    },
  },
  {
    name: 'data: clear removes everything before set is applied',
    contract: 'clear: remove all data before `set` is applied.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord({ data: new Map([['app:a', '1']]) })])
      const change = aChange({ clear: true, set: new Map([['app:b', '2']]) })
      assert.deepEqual([...(await expectUpdated(store, id, change)).data], [['app:b', '2']])
      assert.equal((await expectUpdated(store, id, aChange({ clear: true }))).data.size, 0)
    },
  },
  {
    name: "data: more bytes than maxDataBytes is 'too_large', and nothing is written",
    contract: 'maxDataBytes: refuse with `too_large` if the data would take more bytes than this.',
    async run({ store }) {
      const { id } = aRecord()
      // 7 bytes, then 9: a two-byte letter counts for two.
      await insertAll(store, [aRecord({ data: new Map([['app:a', '12']]) })])
      const set = new Map([['app:b', '"é"']])
      await expectRefused(store, id, aChange({ set, maxDataBytes: 15 }), 'too_large')
      const result = await store.update(id, aChange({ set, maxDataBytes: 15 }))
      assert.deepEqual(result, { status: 'too_large', bytes: 16 }, 'the bytes it would take')
      await expectUpdated(store, id, aChange({ set, maxDataBytes: 16 }))
    },
  },
  {
    name: 'data: odd keys and texts come back as they were',
    contract: 'Stores merge data by key and never look inside.',
    async run({ store }) {
      const data = new Map(ODD_KEYS.map((key, n) => [key, ODD_TEXTS[n % ODD_TEXTS.length] ?? '1']))
      const inserted = aRecord({ id: idOf('inserted'), data })
      await insertAll(store, [inserted, aRecord({ id: idOf('updated') })])
      await expectStored(store, inserted, 'odd keys after insert()')
      for (const [key, text] of data)
        await expectUpdated(store, idOf('updated'), aChange({ set: new Map([[key, text]]) }))
      const found = await store.find(idOf('updated'))
      assert.deepEqual(new Map(found?.data), data)
      const after = await expectUpdated(store, idOf('updated'), aChange({ unset: ODD_KEYS }))
      assert.deepEqual([...after.data], [], 'odd keys after unset')
    },
  },
  {
    name: 'data: 60 KiB, in one value and in 1,000',
    contract: 'The size cap is the manager’s (default 64 KiB): a store takes what it is given.',
    async run({ store }) {
      const one = new Map([['app:big', JSON.stringify('é'.repeat(30 * 1024))]])
      const many = new Map(
        Array.from({ length: 1000 }, (_, n) => [`app:${n}`, JSON.stringify('x'.repeat(53))]),
      )
      for (const [name, data] of Object.entries({ one, many })) {
        const record = aRecord({ id: idOf(name), subject: 'big', data })
        await insertAll(store, [record])
        await expectStored(store, record, `${name}: after insert()`)
        const set = new Map([['app:more', '1']])
        const after = await expectUpdated(store, record.id, aChange({ set }))
        assert.equal(after.data.size, data.size + 1)
      }
      const { records } = await store.list('big', { limit: 10, now: aChange().now })
      assert.equal(records.length, 2, 'listed with their data')
    },
  },
]
