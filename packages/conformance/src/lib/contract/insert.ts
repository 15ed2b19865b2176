import assert from 'node:assert/strict'
import type { CaseDefinition } from '../definition.js'
import { allOf, expectEnded, expectStored, insertAll } from '../expect.js'
import { ADMIT, aFullRecord, aRecord, idOf, MINUTE, START } from '../records.js'

const NEVER_OVERWRITES = 'insert adds a record and never overwrites: a taken id is `exists`.'

/** insert and find. */
export const insertCases: readonly CaseDefinition[] = [
  {
    name: 'insert: a record comes back whole, every field of it',
    contract: 'insert adds a record; find gives the record under this id.',
    async run({ store }) {
      for (const record of [aRecord(), aFullRecord()]) {
        const result = await store.insert(record, ADMIT)
        assert.deepEqual(result, { status: 'inserted', evicted: [] })
        await expectStored(store, record, 'find() after insert()')
      }
    },
  },
  {
    name: 'insert: null, empty and zero stay what they are',
    contract: 'find gives the record as it was inserted.',
    async run({ store }) {
      const base = { subject: 's', createdAt: START, version: 1 }
      const records = [
        aRecord({ ...base, id: idOf('e1'), data: new Map([['app:', '""']]) }),
        aRecord({ ...base, id: idOf('e2'), methods: ['x'], authenticatedAt: START - 5 * MINUTE }),
        aRecord({ id: idOf('e3'), client: { label: null, address: '::/48', userAgent: null } }),
        aRecord({ id: idOf('e4'), version: 2 ** 40, generation: 2 ** 31, epoch: 0 }),
        aRecord({ id: idOf('e5'), createdAt: 1, rotatedAt: 1, lastSeenAt: 1 }),
      ]
      await insertAll(store, records)
      for (const record of records) await expectStored(store, record, `record ${record.id}`)
    },
  },
  {
    name: "insert: a taken id is 'exists', and nothing is overwritten",
    contract: NEVER_OVERWRITES,
    async run({ store }) {
      const first = aFullRecord(idOf('a'))
      await insertAll(store, [first])
      const second = aRecord({ id: first.id, subject: 'other', data: new Map([['app:k', '1']]) })
      assert.deepEqual(await store.insert(second, ADMIT), { status: 'exists' })
      await expectStored(store, first, 'the first record after a second insert() of its id')
      const { records } = await store.list('other', { limit: 10, now: START, includeEnded: true })
      assert.deepEqual(records, [], 'the refused record is in no list')
    },
  },
  {
    name: "insert: the id of an ended session is 'exists' too",
    contract: NEVER_OVERWRITES,
    async run({ store }) {
      const record = aRecord({ subject: 's' })
      await insertAll(store, [record])
      await store.revoke({ kind: 'session', id: record.id }, { at: START, reason: 'logout' })
      assert.deepEqual(await store.insert(record, ADMIT), { status: 'exists' })
      await expectEnded(store, record.id, 'logout', START)
    },
  },
  {
    name: 'insert: of ten inserts of one id at once, one is let in',
    contract: 'Two operations on one record happen one after the other.',
    async run({ store }) {
      const records = Array.from({ length: 10 }, (_, n) => aRecord({ subject: `s${n}` }))
      const results = await allOf(records.map((record) => store.insert(record, ADMIT)))
      const inserted = results.flatMap(({ status }, n) => (status === 'inserted' ? [n] : []))
      assert.equal(inserted.length, 1, 'how many were inserted')
      const winner = records[inserted[0] ?? 0]
      assert.ok(winner)
      await expectStored(store, winner, 'the one that was told `inserted`')
      for (let n = 0; n < 10; n++) {
        const { records: listed } = await store.list(`s${n}`, { limit: 5, now: START })
        assert.equal(listed.length, n === inserted[0] ? 1 : 0, `sessions of s${n}`)
      }
    },
  },
  {
    name: 'find: absence is null, not an error',
    contract: 'find gives the record under this id, or null.',
    async run({ store }) {
      assert.equal(await store.find(idOf('nobody')), null)
      await insertAll(store, [aRecord({ id: idOf('somebody') })])
      assert.equal(await store.find(idOf('nobody')), null)
      assert.equal(await store.find(idOf('somebod')), null, 'a prefix of an id')
    },
  },
  {
    name: 'find: expired and ended records are given as long as they are kept',
    contract: 'Ended and expired records are returned as long as they are kept.',
    async run({ store }) {
      const expired = aRecord({ id: idOf('expired'), createdAt: START - 1e9 })
      const ended = aRecord({ id: idOf('ended') })
      await insertAll(store, [expired, ended])
      await store.revoke({ kind: 'session', id: ended.id }, { at: START + 1, reason: 'logout' })
      await expectStored(store, expired, 'an expired record')
      await expectEnded(store, ended.id, 'logout', START + 1)
    },
  },
  {
    name: 'find: what it gives is a copy, which no later change alters',
    contract: 'A record is a value: readonly, and the same however often it is looked at.',
    async run({ store }) {
      const record = aRecord({ data: new Map([['app:k', '1']]) })
      await insertAll(store, [record])
      const before = await store.find(record.id)
      await store.update(record.id, { now: START, set: new Map([['app:k', '2']]) })
      await store.revoke({ kind: 'session', id: record.id }, { at: START, reason: 'logout' })
      assert.equal(before?.data.get('app:k'), '1')
      assert.equal(before?.revokedAt, null)
      assert.equal(record.data.get('app:k'), '1', 'nor is what was inserted altered')
    },
  },
]
