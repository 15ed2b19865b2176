import assert from 'node:assert/strict'
import type { SessionRecord, SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import {
  allOf,
  expectEnded,
  expectLive,
  expectRefused,
  expectUpdated,
  idsOf,
  insertAll,
} from '../expect.js'
import { aChange, ADMIT, aRecord, idOf, MINUTE, START } from '../records.js'
import { signIn } from './authenticate.js'

const AT = START + MINUTE
const REFUSES =
  'Revoking a subject or everyone also refuses every later insert or sign-in whose epoch is from before.'

const login = (id: string, subject: string | null, epoch: number): SessionRecord =>
  aRecord({ id: idOf(id), subject, epoch })

async function revokeSubject(store: SessionStore, subject: string): Promise<void> {
  await store.revoke({ kind: 'subject', subject }, { at: AT, reason: 'password_changed' })
}

/** Revocations against sign-ins that are under way. */
export const epochCases: readonly CaseDefinition[] = [
  {
    name: 'epoch: grows with each revocation of a subject or of everyone, never goes back',
    contract: 'epoch: grows with each revocation of a subject or of everyone. Never leads.',
    async run({ store }) {
      const first = await store.epoch()
      await insertAll(store, [login('a', 's', first)])
      await store.revoke({ kind: 'session', id: idOf('a') }, { at: AT, reason: 'logout' })
      await revokeSubject(store, 's')
      const second = await store.epoch()
      await store.revoke({ kind: 'everyone' }, { at: AT, reason: 'breach' })
      const third = await store.epoch()
      assert.ok(first >= 0 && Number.isSafeInteger(first), `a whole number; got ${first}`)
      assert.ok(second > first, `after a subject: ${second} > ${first}`)
      assert.ok(third > second, `after everyone: ${third} > ${second}`)
    },
  },
  {
    name: 'epoch: a revocation of a subject refuses logins that began before it',
    contract: REFUSES,
    async run({ store }) {
      const before = await store.epoch()
      await revokeSubject(store, 's')
      const after = await store.epoch()
      assert.deepEqual(await store.insert(login('old', 's', before), ADMIT), { status: 'ended' })
      assert.equal(await store.find(idOf('old')), null)
      assert.deepEqual(await idsOf(store, 's', AT, { includeEnded: true }), [])
      const passed = await store.insert(login('new', 's', after), ADMIT)
      assert.equal(passed.status, 'inserted', 'a login that began after it')
      const other = await store.insert(login('other', 't', before), ADMIT)
      assert.equal(other.status, 'inserted', 'a login of another subject')
      const anonymous = await store.insert(login('anon', null, before), ADMIT)
      assert.equal(anonymous.status, 'inserted', 'an anonymous session')
    },
  },
  {
    name: 'epoch: a revocation of a subject refuses sign-ins on anonymous sessions too',
    contract: REFUSES,
    async run({ store }) {
      const epoch = await store.epoch()
      await insertAll(store, [login('a', null, epoch), login('b', null, epoch)])
      await revokeSubject(store, 's')
      await expectRefused(store, idOf('a'), signIn('s', { epoch }), 'ended')
      await expectUpdated(store, idOf('a'), signIn('t', { epoch }))
      await expectUpdated(store, idOf('b'), signIn('s', { epoch: await store.epoch() }))
      assert.deepEqual(await idsOf(store, 's', AT), [idOf('b')])
    },
  },
  {
    name: 'epoch: a revocation of all but one refuses logins as well, and spares the one',
    contract: REFUSES,
    async run({ store }) {
      const epoch = await store.epoch()
      await insertAll(store, [login('a', 's', epoch)])
      const target = { kind: 'subject', subject: 's', except: idOf('a') } as const
      await store.revoke(target, { at: AT, reason: 'logout_others' })
      assert.equal((await store.insert(login('b', 's', epoch), ADMIT)).status, 'ended')
      await expectLive(store, idOf('a'))
      await expectUpdated(store, idOf('a'), signIn('s', { epoch }))
    },
  },
  {
    name: 'epoch: the latest revocation of a subject counts',
    contract: REFUSES,
    async run({ store }) {
      await revokeSubject(store, 's')
      const between = await store.epoch()
      await revokeSubject(store, 's')
      await revokeSubject(store, 't')
      assert.equal((await store.insert(login('a', 's', between), ADMIT)).status, 'ended')
      const after = await store.epoch()
      assert.equal((await store.insert(login('b', 's', after), ADMIT)).status, 'inserted')
    },
  },
  {
    name: 'revoke everyone: ends every session there is, shown by find and list',
    contract:
      'One ended by a revocation of everyone carries `revokedAt` and `reason` like any other. It is not counted.',
    async run({ store }) {
      const epoch = await store.epoch()
      await insertAll(store, [
        login('a', 's', epoch),
        login('b', 't', epoch),
        login('c', null, epoch),
      ])
      const ending = { at: AT, reason: 'breach' }
      assert.equal(await store.revoke({ kind: 'everyone' }, ending), null)
      for (const name of ['a', 'b', 'c']) {
        await expectEnded(store, idOf(name), 'breach', AT)
        await expectRefused(store, idOf(name), aChange({ set: new Map([['k', '1']]) }), 'ended')
      }
      assert.deepEqual(await idsOf(store, 's', AT), [])
      const page = { limit: 5, now: AT, includeEnded: true }
      const { records } = await store.list('s', page)
      assert.deepEqual(
        records.map(({ revokedAt, reason }) => ({ revokedAt, reason })),
        [{ revokedAt: AT, reason: 'breach' }],
        'list with includeEnded',
      )
    },
  },
  {
    name: 'revoke everyone: refuses what began before it, lets in what begins after it',
    contract: REFUSES,
    async run({ store }) {
      const before = await store.epoch()
      await store.revoke({ kind: 'everyone' }, { at: AT, reason: 'breach' })
      for (const subject of ['s', null])
        assert.deepEqual(await store.insert(login('a', subject, before), ADMIT), {
          status: 'ended',
        })
      const after = await store.epoch()
      await insertAll(store, [login('b', 's', after), login('c', null, after)])
      await expectLive(store, idOf('b'))
      await expectUpdated(store, idOf('c'), signIn('s', { epoch: after }))
      assert.deepEqual(await idsOf(store, 's', AT), [idOf('b'), idOf('c')])
    },
  },
  {
    name: 'revoke everyone: refuses a sign-in that began before it on a session from after it',
    contract: REFUSES,
    async run({ store }) {
      const before = await store.epoch()
      await store.revoke({ kind: 'everyone' }, { at: AT, reason: 'breach' })
      await insertAll(store, [login('a', null, await store.epoch())])
      await expectRefused(store, idOf('a'), signIn('s', { epoch: before }), 'ended')
    },
  },
  {
    name: 'revoke everyone: twice; the first ending keeps its time and reason or takes the second',
    contract: 'Ended stays ended; only sessions from after the last revocation of everyone live.',
    async run({ store }) {
      await insertAll(store, [login('a', 's', await store.epoch())])
      await store.revoke({ kind: 'everyone' }, { at: AT, reason: 'first' })
      await insertAll(store, [login('b', 's', await store.epoch())])
      await store.revoke({ kind: 'everyone' }, { at: AT + 9, reason: 'second' })
      await expectEnded(store, idOf('b'), 'second', AT + 9)
      assert.notEqual((await store.find(idOf('a')))?.revokedAt, null)
      assert.deepEqual(await idsOf(store, 's', AT), [])
    },
  },
  {
    name: 'epoch: of a login and a revocation at once, the login is refused or ended',
    contract: 'A revoke-all also kills every login that had begun before it was acknowledged.',
    async run({ store }) {
      for (let round = 0; round < 40; round++) {
        const subject = `s${round}`
        const target = { kind: 'subject', subject } as const
        const epoch = await store.epoch()
        const insert = (): unknown => store.insert(login(`r${round}x`, subject, epoch), ADMIT)
        const revoke = (): unknown => store.revoke(target, { at: AT, reason: 'password_changed' })
        await allOf(round % 2 === 0 ? [insert(), revoke()] : [revoke(), insert()])
        assert.deepEqual(await idsOf(store, subject, AT), [], `live sessions of ${subject}`)
      }
    },
  },
]
