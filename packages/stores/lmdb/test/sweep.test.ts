import assert from 'node:assert/strict'
import test from 'node:test'
import { closeEnvironment, openEnvironment } from '../src/lib/environment.js'
import { newPath, openStore } from './lib/folders.js'
import { ANY, HOUR, newRecord } from '@holdfast/conformance/records'

const now = Date.now()

function endsAt(deadline: number): ReturnType<typeof newRecord> {
  return newRecord({ idleDeadline: deadline, absoluteDeadline: deadline + HOUR })
}

test('a sweep deletes what is due, no more than it is asked to, and nothing else', async (t) => {
  const store = openStore(t, newPath(t))
  const due = Array.from({ length: 25 }, (_, at) => endsAt(now + at))
  const live = Array.from({ length: 5 }, () => endsAt(now + HOUR))
  await Promise.all([...due, ...live].map((record) => store.insert(record, { now, ...ANY })))
  assert.deepEqual(await store.sweep(now - 1, 10), { deleted: 0, more: false })
  assert.deepEqual(await store.sweep(now + 1000, 10), { deleted: 10, more: true })
  assert.deepEqual(await store.sweep(now + 1000, 100), { deleted: 15, more: false })
  assert.ok(due.every(({ id }) => store.find(id) === null))
  assert.ok(live.every(({ id }) => store.find(id) !== null))
  assert.equal(store.list('user', { limit: 100, now }).records.length, 5)
})

test('a session that was used meanwhile is moved on, not deleted', async (t) => {
  const store = openStore(t, newPath(t))
  const record = endsAt(now + 1000)
  await store.insert(record, { now, ...ANY })
  await store.update(record.id, { now, touch: { lastSeenAt: now, idleDeadline: now + 9000 } })
  assert.equal((await store.sweep(now + 2000, 10)).deleted, 0)
  assert.ok(store.find(record.id))
  assert.equal((await store.sweep(now + 9000, 10)).deleted, 1)
})

test('an ended session is kept to its absolute end', async (t) => {
  const store = openStore(t, newPath(t))
  const record = endsAt(now + 1000)
  await store.insert(record, { now, ...ANY })
  await store.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
  await store.sweep(now + 2000, 10)
  assert.equal(store.find(record.id)?.reason, 'logout')
  await store.sweep(now + 1000 + HOUR, 10)
  assert.equal(store.find(record.id), null)
})

test('what is swept leaves nothing behind in any table', async (t) => {
  const path = newPath(t)
  const store = openStore(t, path)
  const records = Array.from({ length: 50 }, (_, at) => ({ ...endsAt(now), subject: `user-${at}` }))
  await Promise.all(records.map((record) => store.insert(record, { now, ...ANY })))
  const ending = { at: now, reason: 'logout' }
  for (const { subject } of records.slice(0, 9))
    await store.revoke({ kind: 'subject', subject }, ending)
  while ((await store.sweep(now + 48 * HOUR, 20)).more);
  await store.sweep(now + 48 * HOUR, 20)
  const environment = openEnvironment(path)
  assert.ok(environment)
  const { records: left, subjects, due, barriers } = environment
  const counts = [left, subjects, due, barriers].map((table) => table.getKeysCount())
  closeEnvironment(environment)
  assert.deepEqual(counts, [0, 0, 0, 0])
})

test('a sign-in from before a forgotten revocation stays refused', async (t) => {
  const store = openStore(t, newPath(t))
  await store.revoke({ kind: 'subject', subject: 'user' }, { at: now, reason: 'logout' })
  await store.sweep(now + 48 * HOUR, 20)
  assert.equal((await store.insert(newRecord(), { now, ...ANY })).status, 'ended')
  const later = newRecord({ epoch: store.epoch() })
  assert.equal((await store.insert(later, { now, ...ANY })).status, 'inserted')
})
