import assert from 'node:assert/strict'
import type { CaseDefinition } from '../definition.js'
import { expectEnded, idsOf, insertAll } from '../expect.js'
import { aFullRecord, aRecord, HOUR, idOf, MINUTE, plain, START } from '../records.js'
import { ODD_SUBJECTS } from './odd.js'

const AT = START + MINUTE

/** list. */
export const listCases: readonly CaseDefinition[] = [
  {
    name: 'list: whole records of one subject, ordered by id',
    contract: 'list: records of one subject, ordered by id.',
    async run({ store }) {
      const full = aFullRecord(idOf('m'))
      const subject = full.subject
      const others = ['z', 'B', 'b', '0', 'Z9'].map((name) => aRecord({ id: idOf(name), subject }))
      await insertAll(store, [full, ...others, aRecord({ id: idOf('q'), subject: 'other' })])
      const { records, next } = await store.list('user-42', { limit: 100, now: AT })
      assert.equal(next, null)
      assert.deepEqual(
        records.map(({ id }) => id),
        ['0', 'B', 'Z9', 'b', 'm', 'z'].map(idOf),
        'ids in order of their characters',
      )
      assert.deepEqual(plain(records[4] ?? null), plain(full))
    },
  },
  {
    name: 'list: nothing for a subject without sessions',
    contract: 'Absence is a value.',
    async run({ store }) {
      await insertAll(store, [aRecord({ subject: 's' })])
      assert.deepEqual(await store.list('nobody', { limit: 5, now: AT }), {
        records: [],
        next: null,
      })
    },
  },
  {
    name: 'list: pages hold all records once, whatever their size',
    contract: 'next: pass as `after` for the next page; null at the end.',
    async run({ store }) {
      const ids = Array.from({ length: 23 }, (_, n) => idOf(`p${String(n).padStart(2, '0')}x`))
      await insertAll(
        store,
        ids.map((id) => aRecord({ id, subject: 's' })),
      )
      for (const limit of [1, 2, 7, 22, 23, 24, 1000])
        assert.deepEqual(await idsOf(store, 's', AT, { limit }), ids, `pages of ${limit}`)
      const after = await store.list('s', { limit: 5, now: AT, after: idOf('p21y') })
      assert.deepEqual(
        after.records.map(({ id }) => id),
        [ids[22]],
        'after an id that is not there',
      )
      const end = await store.list('s', { limit: 5, now: AT, after: ids[22] ?? '' })
      assert.deepEqual(end, { records: [], next: null }, 'after the last id')
    },
  },
  {
    name: 'list: ended and expired sessions only where they are asked for',
    contract:
      'includeEnded: ended sessions too, as long as their tombstones are kept. Default false.',
    async run({ store }) {
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      await insertAll(
        store,
        names.map((name) =>
          aRecord({
            id: idOf(name),
            subject: 's',
            idleDeadline: name === 'c' ? AT : START + HOUR,
          }),
        ),
      )
      for (const id of [idOf('a'), idOf('e'), idOf('f')])
        await store.revoke({ kind: 'session', id }, { at: START, reason: 'logout' })
      const live = [idOf('b'), idOf('d')]
      for (const limit of [1, 2, 10]) {
        assert.deepEqual(await idsOf(store, 's', AT, { limit }), live, `pages of ${limit}`)
        const all = await idsOf(store, 's', AT, { limit, includeEnded: true })
        assert.deepEqual(all, names.map(idOf), `pages of ${limit}, with includeEnded`)
      }
    },
  },
  {
    name: 'list: subjects with odd characters are kept apart',
    contract: 'A subject is a well-formed text of 1 to 255 characters, compared exactly.',
    async run({ store }) {
      const records = ODD_SUBJECTS.map((subject, n) =>
        aRecord({ id: idOf(`o${String(n).padStart(2, '0')}x`), subject }),
      )
      await insertAll(store, records)
      for (const record of records) {
        const name = JSON.stringify(record.subject).slice(0, 40)
        assert.equal((await store.find(record.id))?.subject, record.subject, `subject ${name}`)
        assert.deepEqual(await idsOf(store, record.subject ?? '', AT), [record.id], `list ${name}`)
      }
      for (const [n, record] of records.entries()) {
        const subject = record.subject ?? ''
        const name = JSON.stringify(subject).slice(0, 40)
        const ending = { at: AT, reason: 'logout' }
        assert.equal(await store.revoke({ kind: 'subject', subject }, ending), 1, `revoke ${name}`)
        await expectEnded(store, record.id, 'logout')
        const following = records[n + 1]
        if (following !== undefined)
          assert.equal((await store.find(following.id))?.revokedAt, null, `revoke ${name} only`)
      }
    },
  },
]
