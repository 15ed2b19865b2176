import assert from 'node:assert/strict'
import type { AuthenticateChange, RecordChange, SessionStore } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { allOf, expectRefused, expectUpdated, idsOf, insertAll } from '../expect.js'
import { aRecord, hashOf, HOUR, idOf, MINUTE, START } from '../records.js'

const { id } = aRecord()
const AT = START + MINUTE

/** A sign-in at {@link AT}, as the manager makes it. */
export function signIn(subject: string, parts: Partial<AuthenticateChange> = {}): RecordChange {
  const at = parts.at ?? AT
  return {
    now: at,
    replace: { verifierHash: hashOf(`signed in ${at}`), at },
    authenticate: {
      subject,
      epoch: 0,
      at,
      methods: ['pwd'],
      idleDeadline: at + HOUR,
      absoluteDeadline: at + 24 * HOUR,
      persistent: false,
      limit: null,
      ...parts,
    },
  }
}

async function anonymous(store: SessionStore): Promise<void> {
  await insertAll(store, [aRecord({ data: new Map([['app:k', '1']]) })])
}

/** update: authenticate. */
export const authenticateCases: readonly CaseDefinition[] = [
  {
    name: 'authenticate: binds a subject to an anonymous session and puts it into its list',
    contract: 'authenticate: binds a subject.',
    async run({ store }) {
      await anonymous(store)
      assert.deepEqual(await idsOf(store, 'user', AT), [])
      const after = await expectUpdated(store, id, signIn('user', { persistent: true }))
      assert.equal(after.subject, 'user')
      assert.equal(after.authenticatedAt, AT)
      assert.deepEqual([...after.methods], ['pwd'])
      assert.equal(after.persistent, true)
      assert.equal(after.lastSeenAt, AT)
      assert.equal(after.data.get('app:k'), '1', 'data is kept')
      assert.deepEqual(await idsOf(store, 'user', AT), [id])
    },
  },
  {
    name: 'authenticate: sets the absolute deadline of an anonymous session, later or earlier',
    contract: 'absoluteDeadline: taken only where the record has no subject yet.',
    async run({ store }) {
      await insertAll(store, [aRecord({ id: idOf('later') }), aRecord({ id: idOf('earlier') })])
      const later = signIn('user', { absoluteDeadline: START + 48 * HOUR })
      const moved = await expectUpdated(store, idOf('later'), later)
      assert.equal(moved.absoluteDeadline, START + 48 * HOUR)
      const earlier = signIn('user', {
        absoluteDeadline: START + 30 * MINUTE,
        idleDeadline: START + 30 * MINUTE,
      })
      const cut = await expectUpdated(store, idOf('earlier'), earlier)
      assert.equal(cut.absoluteDeadline, START + 30 * MINUTE)
      assert.equal(cut.idleDeadline, START + 30 * MINUTE, 'idle never past absolute')
    },
  },
  {
    name: 'authenticate: never moves the absolute deadline of an authenticated session',
    contract: 'an authenticated session’s absolute end never moves (promise P8).',
    async run({ store }) {
      await insertAll(store, [aRecord({ subject: 'user' })])
      for (const absoluteDeadline of [START + 2 * HOUR, START + 900 * HOUR]) {
        const idleDeadline = START + 900 * HOUR
        const change = signIn('user', { absoluteDeadline, idleDeadline })
        const after = await expectUpdated(store, id, change)
        assert.equal(after.absoluteDeadline, START + 24 * HOUR)
        assert.equal(after.idleDeadline, START + 24 * HOUR, 'idle never past absolute')
        assert.equal(after.authenticatedAt, AT)
      }
    },
  },
  {
    name: "authenticate: another subject on an authenticated session is 'ended'",
    contract: 'A session belongs to one subject for its life; another one starts another session.',
    async run({ store }) {
      await insertAll(store, [aRecord({ subject: 'user' })])
      await expectRefused(store, id, signIn('other'), 'ended')
      assert.deepEqual(await idsOf(store, 'other', AT), [])
    },
  },
  {
    name: 'authenticate: of two subjects at once on one session, one is bound',
    contract: 'Two operations on one record happen one after the other.',
    async run({ store }) {
      await anonymous(store)
      const subjects = ['one', 'two']
      const results = await allOf(
        subjects.map((subject) => store.update(id, { ...signIn(subject), ifGeneration: 0 })),
      )
      assert.deepEqual(results.map(({ status }) => status).toSorted(), ['ended', 'updated'])
      const winner = results[0]?.status === 'updated' ? 'one' : 'two'
      assert.equal((await store.find(id))?.subject, winner)
      for (const subject of subjects)
        assert.deepEqual(await idsOf(store, subject, AT), subject === winner ? [id] : [])
    },
  },
]
