import assert from 'node:assert/strict'
import type { SessionRecord, SubjectLimit } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { allOf, expectEnded, expectLive, expectUpdated, idsOf, insertAll } from '../expect.js'
import { aRecord, hashOf, HOUR, idOf, MINUTE, START } from '../records.js'
import { signIn } from './authenticate.js'

const NOW = START + 10 * MINUTE

/** Sessions `1`, `2`, `3` of one subject: `1` is the oldest, `3` the longest idle. */
function three(subject = 'user'): readonly SessionRecord[] {
  const seen = [9, 8, 7]
  return seen.map((minute, n) =>
    aRecord({
      id: idOf(`${n + 1}`),
      subject,
      createdAt: START + n,
      lastSeenAt: START + minute * MINUTE,
    }),
  )
}

function fresh(parts: Partial<SessionRecord> = {}): SessionRecord {
  return aRecord({ id: idOf('new'), subject: 'user', createdAt: NOW, ...parts })
}

const limitOf = (max: number, onLimit: SubjectLimit['onLimit']): SubjectLimit => ({ max, onLimit })

/** insert and update: how many live sessions a subject may hold. */
export const limitCases: readonly CaseDefinition[] = [
  {
    name: "limit reject: one too many is 'limit', and nothing is written",
    contract: 'The subject holds as many sessions as it may, and the limit says `reject`.',
    async run({ store }) {
      await insertAll(store, three())
      const result = await store.insert(fresh(), { now: NOW, limit: limitOf(3, 'reject') })
      assert.deepEqual(result, { status: 'limit' })
      assert.equal(await store.find(idOf('new')), null)
      assert.equal((await idsOf(store, 'user', NOW)).length, 3)
      const fits = await store.insert(fresh(), { now: NOW, limit: limitOf(4, 'reject') })
      assert.equal(fits.status, 'inserted')
    },
  },
  {
    name: 'limit evict-oldest: the longest living goes, with reason evicted',
    contract: 'The limit ends what must go for one more session, and says which.',
    async run({ store }) {
      await insertAll(store, three())
      const admission = { now: NOW, limit: limitOf(3, 'evict-oldest') }
      const result = await store.insert(fresh(), admission)
      assert.deepEqual(result, { status: 'inserted', evicted: [idOf('1')] })
      await expectEnded(store, idOf('1'), 'evicted', NOW)
      assert.deepEqual(await idsOf(store, 'user', NOW), [idOf('2'), idOf('3'), idOf('new')])
    },
  },
  {
    name: 'limit evict-idle: the longest unseen goes',
    contract: 'The limit ends what must go for one more session, and says which.',
    async run({ store }) {
      await insertAll(store, three())
      const admission = { now: NOW, limit: limitOf(3, 'evict-idle') }
      const result = await store.insert(fresh(), admission)
      assert.deepEqual(result, { status: 'inserted', evicted: [idOf('3')] })
      await expectEnded(store, idOf('3'), 'evicted', NOW)
    },
  },
  {
    name: 'limit: a limit that was lowered evicts as many as it takes',
    contract: 'Never more live sessions of a subject than the limit after an admission.',
    async run({ store }) {
      await insertAll(store, three())
      const admission = { now: NOW, limit: limitOf(1, 'evict-oldest') }
      const result = await store.insert(fresh(), admission)
      assert.equal(result.status, 'inserted')
      if (result.status === 'inserted')
        assert.deepEqual([...result.evicted].toSorted(), [idOf('1'), idOf('2'), idOf('3')])
      assert.deepEqual(await idsOf(store, 'user', NOW), [idOf('new')])
    },
  },
  {
    name: 'limit: ended and expired sessions, and those of others, do not count',
    contract: 'Counts live sessions of `record.subject`; null subjects are not counted.',
    async run({ store }) {
      await insertAll(store, [
        ...three('user2'),
        aRecord({ id: idOf('gone'), subject: 'user' }),
        aRecord({ id: idOf('late'), subject: 'user', idleDeadline: NOW }),
        aRecord({ id: idOf('anon') }),
      ])
      await store.revoke({ kind: 'session', id: idOf('gone') }, { at: START, reason: 'logout' })
      const admission = { now: NOW, limit: limitOf(1, 'reject') }
      assert.equal((await store.insert(fresh(), admission)).status, 'inserted')
      const anonymous = fresh({ id: idOf('anon2'), subject: null })
      assert.equal((await store.insert(anonymous, admission)).status, 'inserted', 'no subject')
    },
  },
  {
    name: 'limit: sessions that ended with everyone do not count',
    contract: 'One ended by a revocation of everyone is like any other ended one.',
    async run({ store }) {
      await insertAll(store, three())
      await store.revoke({ kind: 'everyone' }, { at: START, reason: 'breach' })
      const record = fresh({ epoch: await store.epoch() })
      const result = await store.insert(record, { now: NOW, limit: limitOf(1, 'reject') })
      assert.deepEqual(result, { status: 'inserted', evicted: [] })
    },
  },
  {
    name: 'limit: holds for a sign-in on an anonymous session as for a new one',
    contract: 'authenticate carries the limit; `limit` if it refuses.',
    async run({ store }) {
      await insertAll(store, [...three(), aRecord({ createdAt: NOW })])
      const refused = signIn('user', { at: NOW, limit: limitOf(3, 'reject') })
      assert.deepEqual(await store.update(idOf('a'), refused), { status: 'limit' })
      assert.equal((await expectLive(store, idOf('a'))).subject, null, 'nothing was bound')
      const change = signIn('user', { at: NOW, limit: limitOf(3, 'evict-oldest') })
      const result = await store.update(idOf('a'), change)
      assert.equal(result.status, 'updated')
      if (result.status === 'updated') assert.deepEqual(result.evicted, [idOf('1')])
      assert.deepEqual(await idsOf(store, 'user', NOW), [idOf('2'), idOf('3'), idOf('a')])
    },
  },
  {
    name: 'limit: proving oneself again does not count as one more',
    contract: 'Counts the other live sessions of the subject.',
    async run({ store }) {
      await insertAll(store, three())
      const again = signIn('user', { at: NOW, limit: limitOf(3, 'reject') })
      await expectUpdated(store, idOf('1'), again)
      assert.equal((await idsOf(store, 'user', NOW)).length, 3)
    },
  },
  {
    name: 'limit: 40 logins at once never exceed it',
    contract: 'Never exceeded, not even by parallel logins.',
    async run({ store }) {
      for (const onLimit of ['reject', 'evict-oldest', 'evict-idle'] as const) {
        const logins = Array.from({ length: 40 }, (_, n) =>
          fresh({ id: idOf(`${onLimit.replace('-', '')}${n}x`), subject: onLimit }),
        )
        const admission = { now: NOW, limit: limitOf(5, onLimit) }
        const results = await allOf(logins.map((each) => store.insert(each, admission)))
        const inserted = results.filter(({ status }) => status === 'inserted').length
        assert.equal(inserted, onLimit === 'reject' ? 5 : 40, `${onLimit}: logins let in`)
        assert.equal((await idsOf(store, onLimit, NOW)).length, 5, `${onLimit}: live sessions`)
      }
    },
  },
  {
    name: 'limit: 20 sign-ins at once on anonymous sessions never exceed it',
    contract: 'Never exceeded, not even by parallel logins.',
    async run({ store }) {
      const ids = Array.from({ length: 20 }, (_, n) => idOf(`n${n}x`))
      await insertAll(
        store,
        ids.map((id) => aRecord({ id, createdAt: NOW, verifierHash: hashOf(id) })),
      )
      const change = signIn('user', { at: NOW + HOUR / 60, limit: limitOf(3, 'reject') })
      const results = await allOf(ids.map((id) => store.update(id, change)))
      assert.equal(results.filter(({ status }) => status === 'updated').length, 3)
      assert.equal((await idsOf(store, 'user', NOW + MINUTE)).length, 3)
    },
  },
]
