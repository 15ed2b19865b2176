import assert from 'node:assert/strict'
import type { CaseDefinition } from '../definition.js'
import {
  allOf,
  expectEnded,
  expectFound,
  expectLive,
  expectRefused,
  idsOf,
  insertAll,
} from '../expect.js'
import { aChange, aFullRecord, aRecord, HOUR, idOf, MINUTE, START } from '../records.js'

const AT = START + MINUTE

function sessionsOf(subject: string, count: number): ReturnType<typeof aRecord>[] {
  return Array.from({ length: count }, (_, n) => aRecord({ id: idOf(`${subject}${n}x`), subject }))
}

/** revoke of one session and of a subject. */
export const revokeCases: readonly CaseDefinition[] = [
  {
    name: 'revoke: ends one live session and leaves a tombstone with everything in it',
    contract: 'Ended sessions are kept until their absolute deadline, as tombstones.',
    async run({ store }) {
      const record = aFullRecord()
      await insertAll(store, [record, aRecord({ id: idOf('other'), subject: record.subject })])
      const target = { kind: 'session', id: record.id } as const
      assert.equal(await store.revoke(target, { at: AT, reason: 'logout' }), 1)
      const tomb = await expectEnded(store, record.id, 'logout', AT)
      const { version, revokedAt, reason } = tomb
      assert.deepEqual({ ...record, version, revokedAt, reason }, tomb, 'the rest stays')
      await expectLive(store, idOf('other'))
    },
  },
  {
    name: 'revoke: a second one counts 0 and keeps the first reason',
    contract: 'A missing or already ended session counts 0 and keeps its first reason.',
    async run({ store }) {
      await insertAll(store, sessionsOf('s', 1))
      const id = idOf('s0x')
      assert.equal(await store.revoke({ kind: 'session', id }, { at: AT, reason: 'first' }), 1)
      const again = { at: AT + 5, reason: 'second' }
      assert.equal(await store.revoke({ kind: 'session', id }, again), 0)
      assert.equal(await store.revoke({ kind: 'subject', subject: 's' }, again), 0)
      await store.revoke({ kind: 'everyone' }, again)
      await expectEnded(store, id, 'first', AT)
    },
  },
  {
    name: 'revoke: a missing session, and a subject without sessions, count 0',
    contract: 'A missing or already ended session counts 0.',
    async run({ store }) {
      const ending = { at: AT, reason: 'logout' }
      assert.equal(await store.revoke({ kind: 'session', id: idOf('x') }, ending), 0)
      assert.equal(await store.find(idOf('x')), null, 'no tombstone for what never was')
      assert.equal(await store.revoke({ kind: 'subject', subject: 'nobody' }, ending), 0)
    },
  },
  {
    name: 'revoke: an expired session counts 0 and is ended all the same',
    contract: 'Returns how many were live; a clock that is set back brings nothing to life.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord({ subject: 's' })])
      const ending = { at: START + 2 * HOUR, reason: 'logout' }
      assert.equal(await store.revoke({ kind: 'session', id }, ending), 0)
      await expectRefused(store, id, aChange({ set: new Map([['app:k', '1']]) }), 'ended')
    },
  },
  {
    name: 'revoke subject: ends all of one subject, live ones counted, others untouched',
    contract: 'Ends sessions and returns how many were live.',
    async run({ store }) {
      await insertAll(store, [...sessionsOf('s', 5), ...sessionsOf('t', 2), aRecord()])
      await store.revoke({ kind: 'session', id: idOf('s0x') }, { at: AT, reason: 'logout' })
      const ending = { at: AT + 1, reason: 'password_changed' }
      assert.equal(await store.revoke({ kind: 'subject', subject: 's' }, ending), 4)
      await expectEnded(store, idOf('s0x'), 'logout', AT)
      for (const n of [1, 2, 3, 4])
        await expectEnded(store, idOf(`s${n}x`), 'password_changed', AT + 1)
      for (const id of [idOf('t0x'), idOf('t1x'), idOf('a')]) await expectLive(store, id)
      assert.deepEqual(await idsOf(store, 's', AT + 1), [])
    },
  },
  {
    name: 'revoke subject: all but one',
    contract: 'except: a session that goes on.',
    async run({ store }) {
      await insertAll(store, sessionsOf('s', 4))
      const target = { kind: 'subject', subject: 's', except: idOf('s2x') } as const
      assert.equal(await store.revoke(target, { at: AT, reason: 'logout_others' }), 3)
      await expectLive(store, idOf('s2x'))
      assert.deepEqual(await idsOf(store, 's', AT), [idOf('s2x')])
      const elsewhere = { kind: 'subject', subject: 's', except: idOf('unknown') } as const
      assert.equal(await store.revoke(elsewhere, { at: AT, reason: 'logout' }), 1)
    },
  },
  {
    name: 'revoke subject: 1,500 sessions of one subject, all of them',
    contract: 'Revoking a subject ends every session of it, however many there are.',
    async run({ store }) {
      const records = sessionsOf('many', 1500)
      await allOf(records.map((record) => store.insert(record, { now: START, limit: null })))
      assert.equal((await idsOf(store, 'many', AT, { limit: 1000 })).length, 1500)
      const ending = { at: AT, reason: 'password_changed' }
      assert.equal(await store.revoke({ kind: 'subject', subject: 'many' }, ending), 1500)
      assert.deepEqual(await idsOf(store, 'many', AT), [])
      for (const n of [0, 749, 1499]) await expectEnded(store, idOf(`many${n}x`), ending.reason)
    },
  },
  {
    name: 'revoke: of ten at once on one session, one counts it',
    contract: 'Two operations on one record happen one after the other.',
    async run({ store }) {
      const { id } = aRecord()
      await insertAll(store, [aRecord({ subject: 's' })])
      const counts = await allOf(
        Array.from({ length: 10 }, (_, n) =>
          n % 2 === 0
            ? store.revoke({ kind: 'session', id }, { at: AT, reason: `r${n}` })
            : store.revoke({ kind: 'subject', subject: 's' }, { at: AT, reason: `r${n}` }),
        ),
      )
      assert.equal(
        counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
        1,
      )
      const winner = counts.indexOf(1)
      assert.equal((await expectFound(store, id)).reason, `r${winner}`)
    },
  },
  {
    name: 'revoke: updates at once with a revocation never bring the session back',
    contract: 'Nothing that was in flight brings one back (promise P2).',
    async run({ store }) {
      const touch = { lastSeenAt: AT, idleDeadline: AT + 5 * HOUR }
      for (let round = 0; round < 50; round++) {
        const id = idOf(`r${round}x`)
        await insertAll(store, [aRecord({ id, subject: 's' })])
        const writes = Array.from({ length: 4 }, (_, n) =>
          store.update(id, aChange({ touch, set: new Map([['app:k', String(n)]]) })),
        )
        const ending = { at: AT, reason: 'logout' }
        const revoked = store.revoke({ kind: 'session', id }, ending)
        const late = store.update(id, aChange({ touch }))
        await allOf([...writes, revoked, late])
        await expectEnded(store, id, 'logout', AT)
      }
    },
  },
]
