import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { acquireHub, type Hub } from '../src/lib/hub.js'
import { newPath, openStore } from './lib/folders.js'
import { forkScript } from './lib/processes.js'
import { ANY, newRecord } from '@holdfast/conformance/records'

const now = Date.now()
const LIMITS = { timeout: 1000, maxPending: 100 }
/** Who waits that long has not looked at the option. */
const DEFAULT_TIMEOUT = 5000
const UNAVAILABLE = { code: 'ERR_SESSION_STORE_UNAVAILABLE', retryable: true }

/** The hub that a store on this path uses. */
async function withHub(path: string, use: (hub: Hub) => Promise<void>): Promise<void> {
  const hub = acquireHub(path, LIMITS)
  try {
    await use(hub)
  } finally {
    await hub.release()
  }
}

test('a writing thread that dies is replaced, and what it left unanswered fails', async (t) => {
  const path = newPath(t)
  const store = openStore(t, path)
  await store.insert(newRecord(), { now, ...ANY })
  await withHub(path, async (hub) => {
    for (let round = 0; round < 15; round++) {
      const records = Array.from({ length: 40 }, () => newRecord())
      const writes = records.map((record) => store.insert(record, { now, ...ANY }))
      const pause = new Promise((resolve) => {
        setTimeout(resolve, round % 8)
      })
      const crash = pause.then(() => hub.writer.crash())
      const outcomes = await Promise.allSettled(writes)
      await crash
      for (const [at, outcome] of outcomes.entries()) {
        if (outcome.status === 'rejected') assert.equal(outcome.reason.code, UNAVAILABLE.code)
        else assert.ok(store.find(records[at]?.id ?? ''), 'acknowledged, but not there')
      }
      const after = newRecord()
      assert.equal((await store.insert(after, { now, ...ANY })).status, 'inserted')
      assert.deepEqual(store.find(after.id), after)
    }
  })
})

test('a lock that another process keeps fails the write in time, and it never takes place', async (t) => {
  const path = newPath(t)
  const store = openStore(t, path, LIMITS)
  const before = newRecord()
  await store.insert(before, { now, ...ANY })
  const holder = forkScript(t, 'lock-holder', [path])
  await once(holder, 'message')
  const late = newRecord()
  const started = performance.now()
  await assert.rejects(store.insert(late, { now, ...ANY }), UNAVAILABLE)
  assert.ok(performance.now() - started < DEFAULT_TIMEOUT)
  await assert.rejects(store.insert(newRecord(), { now, ...ANY }), UNAVAILABLE)
  assert.deepEqual(store.find(before.id), before)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const after = newRecord()
  assert.equal((await store.insert(after, { now, ...ANY })).status, 'inserted')
  assert.equal(store.find(late.id), null)
})

test('more pending writes than allowed fail at once, the others do not', async (t) => {
  const store = openStore(t, newPath(t), { maxPending: LIMITS.maxPending })
  const writes = Array.from({ length: 150 }, () => store.insert(newRecord(), { now, ...ANY }))
  const outcomes = await Promise.allSettled(writes)
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, LIMITS.maxPending)
  const refused = outcomes.find((outcome) => outcome.status === 'rejected')
  assert.match(refused?.reason.message, /pending/)
  assert.equal(refused?.reason.code, UNAVAILABLE.code)
})
