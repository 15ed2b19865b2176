import assert from 'node:assert/strict'
import type { CaseDefinition } from '../definition.js'
import { allOf, expectEnded, expectRefused, expectUpdated, insertAll } from '../expect.js'
import { aChange, aRecord, HOUR, idOf, MINUTE, START } from '../records.js'

const SET = new Map([['app:k', '1']])

/** update: what it refuses, and the conditions it keeps. */
export const updateCases: readonly CaseDefinition[] = [
  {
    name: "update: an unknown id is 'missing', and none is created",
    contract: 'update changes a live record. It never creates one.',
    async run({ store }) {
      assert.deepEqual(await store.update(idOf('x'), aChange({ set: SET })), { status: 'missing' })
      assert.equal(await store.find(idOf('x')), null, 'after update() of an unknown id')
    },
  },
  {
    name: "update: an ended session is 'ended', and stays so",
    contract: 'update never revives a session.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord({ subject: 's' })])
      await store.revoke({ kind: 'session', id }, { at: START, reason: 'logout' })
      const touch = { lastSeenAt: START + MINUTE, idleDeadline: START + 2 * HOUR }
      for (const change of [{}, { set: SET }, { touch }, { clear: true }])
        await expectRefused(store, id, aChange(change), 'ended')
      await expectEnded(store, id, 'logout', START)
    },
  },
  {
    name: "update: an expired session is 'ended', and no touch revives it",
    contract: 'Revoked, expired, or of another generation: `ended`, nothing was written.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord({ idleDeadline: START + 100 })])
      const touch = { lastSeenAt: START + 100, idleDeadline: START + HOUR }
      for (const now of [START + 100, START + 101, START + HOUR])
        await expectRefused(store, id, { now, touch, set: SET }, 'ended')
      await expectUpdated(store, id, { now: START + 99, set: SET })
    },
  },
  {
    name: 'update: nothing works past the absolute deadline',
    contract: 'Revoked, expired, or of another generation: `ended`, nothing was written.',
    async run({ store }) {
      const { id } = aRecord()
      const absoluteDeadline = START + 200
      await insertAll(store, [aRecord({ absoluteDeadline, idleDeadline: absoluteDeadline })])
      await expectRefused(store, id, { now: absoluteDeadline, set: SET }, 'ended')
      await expectUpdated(store, id, { now: absoluteDeadline - 1, set: SET })
    },
  },
  {
    name: 'update: an empty change counts as a change',
    contract: 'Every part of a change is optional but `now`; the version grows by one each time.',
    async run({ store }) {
      const record = aRecord({ subject: 's', data: SET })
      await insertAll(store, [record])
      const after = await expectUpdated(store, record.id, aChange())
      assert.deepEqual({ ...after, version: 1 }, record, 'all but the version')
    },
  },
  {
    name: "update: ifVersion applies to that version only, else 'conflict' with the record",
    contract: 'ifVersion: apply only to this version; otherwise `conflict`.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord()])
      await expectUpdated(store, id, aChange({ ifVersion: 1, set: SET }))
      for (const ifVersion of [1, 3])
        await expectRefused(store, id, aChange({ ifVersion, set: SET }), 'conflict')
      await expectUpdated(store, id, aChange({ ifVersion: 2, set: SET }))
    },
  },
  {
    name: "update: ifGeneration applies to that generation only, else 'ended'",
    contract: 'ifGeneration: apply only to this generation; otherwise `ended`.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord({ generation: 3 })])
      await expectUpdated(store, id, aChange({ ifGeneration: 3, set: SET }))
      for (const ifGeneration of [2, 4])
        await expectRefused(store, id, aChange({ ifGeneration, set: SET }), 'ended')
    },
  },
  {
    name: 'update: of ten updates of one version at once, one applies',
    contract: 'Two operations on one record happen one after the other.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord()])
      const results = await allOf(
        Array.from({ length: 10 }, (_, n) =>
          store.update(id, aChange({ ifVersion: 1, set: new Map([['app:n', String(n)]]) })),
        ),
      )
      const won = results.flatMap(({ status }, n) => (status === 'updated' ? [n] : []))
      assert.equal(won.length, 1, 'how many updates of version 1 applied')
      assert.equal(results.filter(({ status }) => status === 'conflict').length, 9)
      assert.equal((await store.find(id))?.data.get('app:n'), String(won[0]))
    },
  },
]
