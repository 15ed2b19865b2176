import assert from 'node:assert/strict'
import { isLive, type SessionRecord, type SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { allOf, expectEnded, expectLive, expectUpdated, idsOf, insertAll } from '../expect.js'
import { aRecord, HOUR, idOf, MINUTE, START } from '../records.js'
import { signIn } from './authenticate.js'

/** A sweep may come a second late for each record; cases look two seconds after. */
const SLACK = 2000

const due = (name: string, at: number, parts: Partial<SessionRecord> = {}): SessionRecord =>
  aRecord({ id: idOf(name), idleDeadline: at, ...parts })

async function sweepAll(store: SessionStore, now: number, limit = 100): Promise<number> {
  let deleted = 0
  for (let calls = 0; calls < 1000; calls++) {
    const result = await store.sweep(now, limit)
    assert.ok(result.deleted <= limit, `sweep(limit ${limit}) deleted ${result.deleted}`)
    deleted += result.deleted
    if (!result.more) return deleted
  }
  return assert.fail('sweep() said `more` 1,000 times in a row')
}

/** Who deletes in this store; see `capabilities.expiry`. */
const byEngine = (store: SessionStore): boolean => store.capabilities.expiry === 'engine'

/** Asserts how many were deleted: none by a store whose engine deletes in its own time. */
function expectDeleted(store: SessionStore, deleted: number, wanted: number, what?: string): void {
  assert.equal(deleted, byEngine(store) ? 0 : wanted, what ?? 'deleted by sweep()')
}

/** Asserts that nothing is left; where the engine deletes, that what is left is not live and takes no change. */
async function expectGone(store: SessionStore, id: string, now: number): Promise<void> {
  const record = await store.find(id)
  if (!byEngine(store)) return assert.equal(record, null, `find('${id}') after its time`)
  const { status } = await store.update(id, { now, set: new Map([['app:late', '1']]) })
  assert.ok(['missing', 'ended'].includes(status), `update('${id}') after its time: ${status}`)
  if (record === null) return
  assert.equal(isLive(record, now), false, `session ${id} is live after its time`)
  if (record.subject === null) return
  assert.ok(!(await idsOf(store, record.subject, now)).includes(id), `${id} is listed as live`)
}

/** sweep. */
export const sweepCases: readonly CaseDefinition[] = [
  {
    name: 'sweep: deletes what has expired, and nothing else',
    contract: 'sweep deletes records past their time, at the latest one second after it.',
    async run({ store }) {
      await insertAll(store, [due('a', START + 5000, { subject: 's' }), due('b', START + HOUR)])
      assert.deepEqual(await store.sweep(START, 100), { deleted: 0, more: false })
      assert.deepEqual(await store.sweep(START + 4999, 100), { deleted: 0, more: false })
      const { deleted, more } = await store.sweep(START + 6000, 100)
      expectDeleted(store, deleted, 1)
      assert.equal(more, false)
      await expectGone(store, idOf('a'), START + 6000)
      if (!byEngine(store))
        assert.deepEqual(await idsOf(store, 's', START, { includeEnded: true }), [])
      await expectLive(store, idOf('b'))
      assert.deepEqual(await store.sweep(START + 6000, 100), { deleted: 0, more: false })
    },
  },
  {
    name: 'sweep: an empty store has nothing to sweep',
    contract: 'Absence is a value.',
    async run({ store }) {
      assert.deepEqual(await store.sweep(START, 10), { deleted: 0, more: false })
    },
  },
  {
    name: 'sweep: tombstones stay until the absolute deadline',
    contract: 'An ended record is kept until its absolute deadline, as a tombstone.',
    async run({ store }) {
      const absoluteDeadline = START + 3 * HOUR
      await insertAll(store, [due('a', START + 5000, { absoluteDeadline, subject: 's' })])
      await store.revoke({ kind: 'session', id: idOf('a') }, { at: START, reason: 'logout' })
      assert.equal(await sweepAll(store, START + 2 * HOUR), 0, 'past its idle deadline')
      await expectEnded(store, idOf('a'), 'logout', START)
      expectDeleted(store, await sweepAll(store, absoluteDeadline + SLACK), 1)
      await expectGone(store, idOf('a'), absoluteDeadline + SLACK)
    },
  },
  {
    name: 'sweep: tombstones of a revocation of everyone stay, too',
    contract: 'An ended record is kept until its absolute deadline, as a tombstone.',
    async run({ store }) {
      const absoluteDeadline = START + 3 * HOUR
      await insertAll(store, [due('a', START + 5000, { absoluteDeadline })])
      await store.revoke({ kind: 'everyone' }, { at: START, reason: 'breach' })
      assert.equal(await sweepAll(store, START + HOUR), 0)
      await expectEnded(store, idOf('a'), 'breach', START)
      expectDeleted(store, await sweepAll(store, absoluteDeadline + SLACK), 1)
      await expectGone(store, idOf('a'), absoluteDeadline + SLACK)
    },
  },
  {
    name: 'sweep: a record that was touched is moved on, not deleted',
    contract: 'sweep never deletes a live session.',
    async run({ store }) {
      await insertAll(store, [due('a', START + 5000, { subject: 's' })])
      const touch = { lastSeenAt: START + 4000, idleDeadline: START + HOUR }
      await expectUpdated(store, idOf('a'), { now: START + 4000, touch })
      assert.equal(await sweepAll(store, START + 10_000), 0)
      await expectLive(store, idOf('a'))
      assert.deepEqual(await idsOf(store, 's', START + 10_000), [idOf('a')])
      const deleted = await sweepAll(store, START + HOUR + SLACK)
      expectDeleted(store, deleted, 1, 'it is due at its new time')
      await expectGone(store, idOf('a'), START + HOUR + SLACK)
    },
  },
  {
    name: 'sweep: a sign-in moves the time, later and earlier',
    contract: 'sweep deletes records past their time, at the latest one second after it.',
    async run({ store }) {
      await insertAll(store, [due('later', START + HOUR), due('earlier', START + HOUR)])
      const idleDeadline = START + 20 * HOUR
      await expectUpdated(store, idOf('later'), signIn('s', { idleDeadline }))
      const sooner = { absoluteDeadline: START + 5 * MINUTE, idleDeadline: START + 5 * MINUTE }
      await expectUpdated(store, idOf('earlier'), signIn('s', sooner))
      expectDeleted(store, await sweepAll(store, START + 5 * MINUTE + SLACK), 1)
      await expectGone(store, idOf('earlier'), START + 5 * MINUTE + SLACK)
      assert.equal(await sweepAll(store, START + 19 * HOUR), 0)
      expectDeleted(store, await sweepAll(store, idleDeadline + SLACK), 1)
      await expectGone(store, idOf('later'), idleDeadline + SLACK)
    },
  },
  {
    name: 'sweep: is bounded, says that there is more, and gets through',
    contract:
      'Looks at no more than `limit` records that may be due; `more` may be due: call again.',
    async run({ store }) {
      const records = Array.from({ length: 250 }, (_, n) => due(`n${n}x`, START + 1000 + n))
      await insertAll(store, [...records, due('live', START + HOUR)])
      const first = await store.sweep(START + MINUTE, 100)
      if (!byEngine(store)) assert.deepEqual(first, { deleted: 100, more: true })
      expectDeleted(store, await sweepAll(store, START + MINUTE, 100), 150)
      await expectLive(store, idOf('live'))
      for (const { id } of records) await expectGone(store, id, START + MINUTE)
    },
  },
  {
    name: 'sweep: gets past due records that were touched',
    contract: 'Looks at no more than `limit` records that may be due: call again while `more`.',
    async run({ store }) {
      const touched = Array.from({ length: 50 }, (_, n) => due(`t${n}x`, START + 1000))
      const expired = Array.from({ length: 50 }, (_, n) => due(`u${n}x`, START + 1500))
      await insertAll(store, [...touched, ...expired])
      const touch = { lastSeenAt: START, idleDeadline: START + HOUR }
      for (const { id } of touched) await store.update(id, { now: START, touch })
      expectDeleted(store, await sweepAll(store, START + MINUTE, 10), 50)
      for (const { id } of touched) await expectLive(store, id)
    },
  },
  {
    name: 'sweep: after it, an id and a subject may be used again',
    contract: 'A deleted record leaves nothing behind that is seen in another one.',
    async run({ store }) {
      await insertAll(store, [due('a', START + 5000, { subject: 's' })])
      await sweepAll(store, START + 10_000)
      const createdAt = START + 10_000
      if (byEngine(store)) {
        // It may still be there, and then it is no more than a trace.
        const target = { kind: 'subject', subject: 's' } as const
        assert.equal(await store.revoke(target, { at: createdAt, reason: 'logout' }), 0)
        return await expectGone(store, idOf('a'), createdAt)
      }
      await insertAll(store, [aRecord({ id: idOf('a'), subject: 't', createdAt })])
      assert.deepEqual(await idsOf(store, 's', createdAt, { includeEnded: true }), [])
      assert.deepEqual(await idsOf(store, 't', createdAt), [idOf('a')])
      const ending = { at: createdAt, reason: 'logout' }
      assert.equal(await store.revoke({ kind: 'subject', subject: 's' }, ending), 0)
      await expectLive(store, idOf('a'))
      assert.equal(await sweepAll(store, START + 30 * MINUTE), 0, 'the old time is forgotten')
      assert.equal(await sweepAll(store, createdAt + HOUR + SLACK), 1)
    },
  },
  {
    name: 'sweep: sweeps at once with touches delete no live session and nothing twice',
    contract: 'sweep never deletes a live session; each deletion counts once.',
    async run({ store }) {
      const now = START + 10_000
      const records = Array.from({ length: 60 }, (_, n) =>
        due(`m${n}x`, n % 2 === 0 ? START + 5000 : now + 1, { subject: 's' }),
      )
      await insertAll(store, records)
      const touch = { lastSeenAt: now, idleDeadline: now + HOUR }
      const results = await allOf([
        ...records.map(({ id }) => store.update(id, { now, touch })),
        ...Array.from({ length: 5 }, () => store.sweep(now, 20)),
        ...records.map(({ id }) => store.update(id, { now, touch })),
      ])
      const counted = results.reduce((sum, each) => sum + ('deleted' in each ? each.deleted : 0), 0)
      const deleted = counted + (await sweepAll(store, now))
      expectDeleted(store, deleted, 30, 'the expired ones, each once')
      assert.equal((await idsOf(store, 's', now)).length, 30, 'the live ones')
    },
  },
]
