import assert from 'node:assert/strict'
import type { CaseDefinition } from '../definition.js'
import { expectEnded, expectStored, expectUpdated, idsOf, insertAll } from '../expect.js'
import { aChange, ADMIT, aFullRecord, aRecord, HOUR, idOf, MINUTE, START } from '../records.js'
import { signIn } from './authenticate.js'

const AT = START + MINUTE
const DURABLE = 'durable: an acknowledged creation or revocation survives.'

/** What a store that outlives its process keeps. */
export const reopenCases: readonly CaseDefinition[] = [
  {
    name: 'reopen: records, changes and tombstones are there again',
    contract: DURABLE,
    needsReopen: true,
    async run({ store, reopen }) {
      const full = aFullRecord()
      await insertAll(store, [full, aRecord({ subject: 's' }), aRecord({ id: idOf('b') })])
      await store.revoke({ kind: 'session', id: idOf('a') }, { at: AT, reason: 'logout' })
      const changed = await expectUpdated(store, idOf('b'), signIn('t'))
      const again = await reopen()
      await expectStored(again, full, 'an inserted record')
      await expectStored(again, changed, 'a changed record')
      await expectEnded(again, idOf('a'), 'logout', AT)
      assert.deepEqual(await idsOf(again, 't', AT), [idOf('b')], 'the subject index')
      assert.deepEqual(await idsOf(again, 's', AT, { includeEnded: true }), [idOf('a')])
      await expectUpdated(again, idOf('b'), aChange({ set: new Map([['app:k', '1']]) }))
    },
  },
  {
    name: 'reopen: revocations of a subject and of everyone go on refusing older logins',
    contract: 'A revocation is durable when it returns.',
    needsReopen: true,
    async run({ store, reopen }) {
      const before = await store.epoch()
      await insertAll(store, [aRecord({ subject: 's', epoch: before })])
      await store.revoke({ kind: 'everyone' }, { at: AT, reason: 'breach' })
      const between = await store.epoch()
      await insertAll(store, [aRecord({ id: idOf('b'), subject: 't', epoch: between })])
      await store.revoke({ kind: 'subject', subject: 's' }, { at: AT, reason: 'password_changed' })
      const after = await store.epoch()
      const again = await reopen()
      assert.equal(await again.epoch(), after, 'the revocation counter')
      await expectEnded(again, idOf('a'), 'breach', AT)
      assert.deepEqual(await idsOf(again, 't', AT), [idOf('b')])
      const login = (epoch: number, subject: string): ReturnType<typeof aRecord> =>
        aRecord({ id: idOf(`${subject}${epoch}x`), subject, epoch })
      assert.equal((await again.insert(login(before, 't'), ADMIT)).status, 'ended', 'everyone')
      assert.equal((await again.insert(login(between, 's'), ADMIT)).status, 'ended', 'the subject')
      assert.equal((await again.insert(login(after, 's'), ADMIT)).status, 'inserted')
    },
  },
  {
    name: 'reopen: what is due is swept all the same',
    contract: 'sweep deletes records past their time, at the latest one second after it.',
    needsReopen: true,
    async run({ store, reopen }) {
      await insertAll(store, [aRecord({ subject: 's' }), aRecord({ id: idOf('b'), subject: 's' })])
      const touch = { lastSeenAt: AT, idleDeadline: START + 5 * HOUR }
      await expectUpdated(store, idOf('b'), { now: AT, touch })
      const again = await reopen()
      // Where the engine deletes in its own time, what is due is not live, and that is all there is to see.
      const deleted = again.capabilities.expiry === 'engine' ? 0 : 1
      assert.deepEqual(await again.sweep(START + 2 * HOUR, 10), { deleted, more: false })
      assert.deepEqual(await idsOf(again, 's', START + 2 * HOUR), [idOf('b')])
      assert.deepEqual(await again.sweep(START + 6 * HOUR, 10), { deleted, more: false })
      assert.deepEqual(await idsOf(again, 's', START + 6 * HOUR), [])
    },
  },
  {
    name: 'reopen: ten times in a row, writing each time',
    contract: DURABLE,
    needsReopen: true,
    async run({ store, reopen }) {
      let current = store
      await insertAll(current, [aRecord()])
      for (let round = 1; round <= 10; round++) {
        const set = new Map([[`app:${round}`, String(round)]])
        await expectUpdated(current, idOf('a'), aChange({ set }))
        current = await reopen()
        assert.equal((await current.find(idOf('a')))?.data.size, round, `after reopening ${round}`)
      }
    },
  },
]
