import assert from 'node:assert/strict'
import type { SessionStore, StoreNotice } from '@holdfast/core/store'
import type { CaseDefinition } from '../definition.js'
import { insertAll } from '../expect.js'
import { aChange, ADMIT, aRecord, idOf, START } from '../records.js'

/** How long a notice may take; a store in one process gives it at once. */
const PATIENCE = 1000

const NAMES = [
  'capabilities',
  'insert',
  'find',
  'update',
  'revoke',
  'list',
  'sweep',
  'epoch',
  'close',
]

async function until(reached: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!reached()) {
    if (performance.now() > end) assert.fail(`${what}: not within ${PATIENCE} ms`)
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SESSION_STORE_CLOSED'
}

/** What each call on a store is after close(). */
function calls(store: SessionStore): ReadonlyMap<string, () => unknown> {
  const id = idOf('a')
  const ending = { at: START, reason: 'logout' }
  return new Map<string, () => unknown>([
    ['insert', () => store.insert(aRecord(), ADMIT)],
    ['find', () => store.find(id)],
    ['update', () => store.update(id, aChange())],
    ['revoke', () => store.revoke({ kind: 'session', id }, ending)],
    ['list', () => store.list('s', { limit: 1, now: START })],
    ['sweep', () => store.sweep(START, 1)],
    ['epoch', () => store.epoch()],
  ])
}

/** capabilities, watch and close. */
export const channelCases: readonly CaseDefinition[] = [
  {
    name: 'capabilities: say what the store is, and watch is there where push is promised',
    contract: 'watch: present where `capabilities.push` is true.',
    async run({ store }) {
      for (const name of NAMES) assert.ok(name in store, `a store has ${name}`)
      const { name, durable, shared, push } = store.capabilities
      assert.match(name, /^[a-z][a-z0-9-]*$/, 'a short name')
      assert.equal(typeof durable, 'boolean')
      assert.ok(['process', 'host', 'network'].includes(shared), `shared: ${shared}`)
      assert.equal(typeof push, 'boolean')
      if (push) assert.equal(typeof store.watch, 'function', 'push is promised, so watch is there')
      await store.epoch()
    },
  },
  {
    name: 'watch: where push is promised, every change of a record is reported',
    contract: 'changed: this record was inserted, changed, revoked or deleted.',
    async run({ store }) {
      if (!store.capabilities.push || store.watch === undefined) return
      const notices: StoreNotice[] = []
      const unwatch = store.watch((notice) => notices.push(notice))
      const reported = (id: string) => (): boolean =>
        notices.some((each) => each.kind === 'reset' || (each.kind === 'changed' && each.id === id))
      const expectNotice = async (what: string, id: string): Promise<void> => {
        await until(reported(id), `the notice of ${what}`)
        notices.length = 0
      }
      const [a, b] = [idOf('a'), idOf('b')]
      await insertAll(store, [aRecord({ id: a, subject: 's' })])
      await expectNotice('insert', a)
      await insertAll(store, [aRecord({ id: b, subject: 's' })])
      await expectNotice('insert', b)
      await store.update(a, aChange())
      await expectNotice('update', a)
      await store.revoke({ kind: 'session', id: a }, { at: START, reason: 'logout' })
      await expectNotice('revoke', a)
      await store.revoke({ kind: 'subject', subject: 's' }, { at: START, reason: 'logout' })
      await expectNotice('revoke subject', b)
      const limit = { max: 1, onLimit: 'evict-oldest' } as const
      await insertAll(store, [aRecord({ id: idOf('c'), subject: 't', epoch: await store.epoch() })])
      notices.length = 0
      const record = aRecord({ id: idOf('d'), subject: 't', epoch: await store.epoch() })
      await store.insert(record, { now: START, limit })
      await expectNotice('eviction', idOf('c'))
      await store.revoke({ kind: 'everyone' }, { at: START, reason: 'breach' })
      await expectNotice('revoke everyone', 'all records: reset')
      // An engine tells nobody what it deletes, and what it deletes had ended by then.
      if (store.capabilities.expiry !== 'engine') {
        await store.sweep(START + 1e9, 100)
        await expectNotice('sweep', a)
      }
      unwatch()
    },
  },
  {
    name: 'watch: nothing after it was ended, and each listener by itself',
    contract: 'watch: reports changes until the returned function is called.',
    async run({ store }) {
      if (!store.capabilities.push || store.watch === undefined) return
      const seen = [0, 0]
      const [first, second] = seen.map((_, n) =>
        store.watch?.(() => {
          seen[n] = (seen[n] ?? 0) + 1
        }),
      )
      first?.()
      first?.()
      await insertAll(store, [aRecord()])
      await until(() => (seen[1] ?? 0) > 0, 'the notice to the listener that stayed')
      assert.equal(seen[0], 0, 'notices to the listener that left')
      second?.()
    },
  },
  {
    name: 'close: calls after it fail with ERR_SESSION_STORE_CLOSED, a second close does not',
    contract: 'close: calls after it fail with `ERR_SESSION_STORE_CLOSED`. Idempotent.',
    async run({ store }) {
      await insertAll(store, [aRecord()])
      await store.close()
      await store.close()
      for (const [name, call] of calls(store)) {
        await assert.rejects(
          async () => await call(),
          isClosed,
          `${name}() after close() must fail with ERR_SESSION_STORE_CLOSED`,
        )
      }
    },
  },
  {
    name: 'close: what was acknowledged before it is not lost, and what runs ends',
    contract:
      'close: releases files, connections and timers; calls in flight end one way or other.',
    async run({ store }) {
      const writes = Array.from({ length: 20 }, (_, n) =>
        Promise.resolve(store.insert(aRecord({ id: idOf(`n${n}x`) }), ADMIT)).then(
          () => null,
          (error: unknown) => error,
        ),
      )
      await store.close()
      for (const error of await Promise.all(writes))
        if (error !== null)
          assert.ok(isClosed(error), 'a write that close() cut off fails with the code')
    },
  },
]
