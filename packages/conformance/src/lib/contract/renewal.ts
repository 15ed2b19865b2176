import assert from 'node:assert/strict'
import type { CaseDefinition } from '../definition.js'
import { allOf, expectStored, expectUpdated, insertAll } from '../expect.js'
import { aChange, aRecord, hashOf, HOUR, MINUTE, START } from '../records.js'

const { id, verifierHash } = aRecord()
const AT = START + MINUTE

function rotation(from: string, to: string): NonNullable<ReturnType<typeof aChange>['rotate']> {
  return { ifVerifierHash: from, verifierHash: hashOf(to), sealed: `sealed-${to}`, at: AT }
}

/** update: touch, settle, rotate and replace. */
export const renewalCases: readonly CaseDefinition[] = [
  {
    name: 'touch: moves lastSeenAt and the idle deadline forward',
    contract: 'touch: record activity.',
    async run({ store }) {
      await insertAll(store, [aRecord()])
      const touch = { lastSeenAt: AT, idleDeadline: AT + HOUR }
      const after = await expectUpdated(store, id, aChange({ touch }))
      assert.deepEqual(after, { ...aRecord(), ...touch, version: 2 }, 'nothing else changes')
    },
  },
  {
    name: 'touch: never moves back',
    contract: 'touch: neither instant ever moves back.',
    async run({ store }) {
      await insertAll(store, [aRecord({ lastSeenAt: START + 10 })])
      const touch = { lastSeenAt: START, idleDeadline: START + 5 * MINUTE }
      const after = await expectUpdated(store, id, aChange({ touch }))
      assert.equal(after.lastSeenAt, START + 10)
      assert.equal(after.idleDeadline, START + HOUR)
    },
  },
  {
    name: 'touch: never moves the idle deadline past the absolute one, nor the absolute one',
    contract: 'touch: nor does the idle deadline move past the absolute one (promise P8).',
    async run({ store }) {
      const absoluteDeadline = START + 2 * HOUR
      await insertAll(store, [aRecord({ absoluteDeadline })])
      const touch = { lastSeenAt: AT, idleDeadline: START + 100 * HOUR }
      const after = await expectUpdated(store, id, aChange({ touch }))
      assert.equal(after.idleDeadline, absoluteDeadline)
      assert.equal(after.absoluteDeadline, absoluteDeadline)
    },
  },
  {
    name: 'rotate: a new verifier, and the old one becomes the previous one',
    contract: 'rotate: a new verifier for the record, sealed under the old one.',
    async run({ store }) {
      await insertAll(store, [aRecord()])
      const after = await expectUpdated(store, id, aChange({ rotate: rotation(verifierHash, 'b') }))
      assert.deepEqual(after, {
        ...aRecord(),
        version: 2,
        verifierHash: hashOf('b'),
        rotatedAt: AT,
        previous: { verifierHash, sealed: 'sealed-b', supersededAt: null },
      })
    },
  },
  {
    name: 'rotate: is left out unless the verifier is still the present one; the rest applies',
    contract:
      'rotate: applied only while `ifVerifierHash` is still the present one, else left out.',
    async run({ store }) {
      await insertAll(store, [aRecord()])
      const first = await expectUpdated(store, id, aChange({ rotate: rotation(verifierHash, 'b') }))
      const set = new Map([['app:k', '1']])
      const late = aChange({ rotate: rotation(verifierHash, 'c'), set })
      assert.deepEqual(await expectUpdated(store, id, late), { ...first, version: 3, data: set })
    },
  },
  {
    name: 'rotate: of 50 rotations at once from one verifier, one applies and all see it',
    contract: 'rotate: applied only while `ifVerifierHash` is still the present one (promise P4).',
    async run({ store }) {
      await insertAll(store, [aRecord()])
      const changes = Array.from({ length: 50 }, (_, n) =>
        aChange({ rotate: rotation(verifierHash, `s${n}`) }),
      )
      const results = await allOf(changes.map((change) => store.update(id, change)))
      const seen = results.map((result) =>
        result.status === 'updated' ? result.record.verifierHash : result.status,
      )
      assert.equal(new Set(seen).size, 1, `distinct successors: ${[...new Set(seen)].join(', ')}`)
    },
  },
  {
    name: 'settle: starts the grace of the previous verifier, once',
    contract:
      'settle: the present verifier has been presented; if it is still this one, its predecessor’s grace starts.',
    async run({ store }) {
      await insertAll(store, [aRecord()])
      const settle = { verifierHash: hashOf('b'), at: AT }
      const none = await expectUpdated(store, id, aChange({ settle: { verifierHash, at: AT } }))
      assert.equal(none.previous, null, 'there is no predecessor yet')
      await expectUpdated(store, id, aChange({ rotate: rotation(verifierHash, 'b') }))
      const old = await expectUpdated(store, id, aChange({ settle: { verifierHash, at: AT } }))
      assert.equal(old.previous?.supersededAt, null, 'the old verifier does not settle its own end')
      const first = await expectUpdated(store, id, aChange({ settle }))
      assert.deepEqual(first.previous, {
        verifierHash,
        sealed: 'sealed-b',
        supersededAt: AT,
      })
      const again = await expectUpdated(store, id, aChange({ settle: { ...settle, at: AT + 9 } }))
      assert.equal(again.previous?.supersededAt, AT, 'a second settle changes nothing')
    },
  },
  {
    name: 'settle and rotate together: the new predecessor has not settled',
    contract: 'rotate: the old token stays good until the successor is first presented.',
    async run({ store }) {
      await insertAll(store, [aRecord()])
      await expectUpdated(store, id, aChange({ rotate: rotation(verifierHash, 'b') }))
      const settle = { verifierHash: hashOf('b'), at: AT }
      const change = aChange({ settle, rotate: rotation(hashOf('b'), 'c') })
      const after = await expectUpdated(store, id, change)
      assert.deepEqual(after.previous, {
        verifierHash: hashOf('b'),
        sealed: 'sealed-c',
        supersededAt: null,
      })
    },
  },
  {
    name: 'replace: the old verifier and its predecessor die at once, the generation grows',
    contract:
      'replace: a new verifier at a change of privilege: the old one, and its predecessor, die at once. The generation grows.',
    async run({ store }) {
      await insertAll(store, [aRecord()])
      await expectUpdated(store, id, aChange({ rotate: rotation(verifierHash, 'b') }))
      const replace = { verifierHash: hashOf('c'), at: AT + 1 }
      const after = await expectUpdated(store, id, aChange({ replace, ifGeneration: 0 }))
      assert.equal(after.verifierHash, hashOf('c'))
      assert.equal(after.generation, 1)
      assert.equal(after.rotatedAt, AT + 1)
      assert.deepEqual(after.previous, {
        verifierHash: hashOf('b'),
        sealed: null,
        supersededAt: AT + 1,
      })
      const late = await store.update(id, aChange({ ifGeneration: 0, set: new Map([['k', '1']]) }))
      assert.equal(late.status, 'ended', 'a write of the generation before')
      await expectStored(store, after, 'after the refused write')
    },
  },
]
