import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { lmdbStore } from '../src/index.js'
import { closeEnvironment, openEnvironment } from '../src/lib/environment.js'
import { newPath, openStore } from './lib/folders.js'
import { ANY, newId, newRecord } from '@holdfast/conformance/records'

const now = Date.now()

test('a session is found as it was inserted, after a restart too', async (t) => {
  const path = newPath(t)
  const record = newRecord({ data: new Map([['app:cart', '["ü","\\u0000"]']]) })
  const store = lmdbStore(path)
  assert.deepEqual(await store.insert(record, { now, ...ANY }), { status: 'inserted', evicted: [] })
  assert.deepEqual(store.find(record.id), record)
  await store.close()
  const again = openStore(t, path)
  assert.deepEqual(again.find(record.id), record)
  assert.deepEqual(await again.insert(record, { now, ...ANY }), { status: 'exists' })
})

test('what is no id or no known one is null', (t) => {
  const store = openStore(t, newPath(t))
  for (const id of [newId(), '', 'x', `${newId()}0`, '€'.repeat(22), '\0'.repeat(22)])
    assert.equal(store.find(id), null)
})

test('an update gives the record as find does afterwards', async (t) => {
  const store = openStore(t, newPath(t))
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  const change = { now, set: new Map([['app:n', '1']]), unset: ['app:x'] }
  const result = await store.update(record.id, change)
  assert.equal(result.status, 'updated')
  assert.deepEqual('record' in result && result.record, store.find(record.id))
  const conflict = await store.update(record.id, { now, ifVersion: 1 })
  assert.deepEqual(conflict, { status: 'conflict', record: store.find(record.id) })
  assert.deepEqual(await store.update(newId(), { now }), { status: 'missing' })
})

test('a subject that is revoked takes its sessions and its late sign-ins with it', async (t) => {
  const store = openStore(t, newPath(t))
  const records = [newRecord(), newRecord(), newRecord({ subject: 'other' })]
  await Promise.all(records.map((record) => store.insert(record, { now, ...ANY })))
  const ending = { at: now, reason: 'logout' }
  assert.equal(await store.revoke({ kind: 'subject', subject: 'user' }, ending), 2)
  const endings = await Promise.all(records.map(async ({ id }) => store.find(id)?.reason))
  assert.deepEqual(endings, ['logout', 'logout', null])
  assert.deepEqual(await store.insert(newRecord(), { now, ...ANY }), { status: 'ended' })
  const later = newRecord({ epoch: store.epoch() })
  assert.equal((await store.insert(later, { now, ...ANY })).status, 'inserted')
})

test('everyone who is revoked is ended at the next find', async (t) => {
  const store = openStore(t, newPath(t))
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  assert.equal(await store.revoke({ kind: 'everyone' }, { at: now, reason: 'breach' }), null)
  assert.equal(store.find(record.id)?.reason, 'breach')
})

test('a list goes on where the page before it ended, and holds no other subject', async (t) => {
  const store = openStore(t, newPath(t))
  const ids = Array.from({ length: 25 }, newId).toSorted()
  for (const id of ids) await store.insert(newRecord({ id }), { now, ...ANY })
  await store.insert(newRecord({ subject: 'user2' }), { now, ...ANY })
  const seen: string[] = []
  let after = ''
  for (let next: string | null = ''; next !== null; after = next ?? '') {
    const page = store.list('user', { limit: 10, now, after })
    seen.push(...page.records.map(({ id }) => id))
    next = page.next
  }
  assert.deepEqual(seen, ids)
})

test('several stores on one folder see each other, and end one by one', async (t) => {
  const path = newPath(t)
  const [first, second] = [lmdbStore(path), lmdbStore(`${path}/../data`)]
  const record = newRecord()
  await first.insert(record, { now, ...ANY })
  assert.equal(second.find(record.id)?.id, record.id)
  await Promise.all([first.close(), first.close()])
  assert.throws(() => first.find(record.id), { code: 'ERR_SESSION_STORE_CLOSED' })
  await assert.rejects(first.update(record.id, { now }), {
    code: 'ERR_SESSION_STORE_CLOSED',
  })
  assert.equal((await second.update(record.id, { now })).status, 'updated')
  await second.close()
})

test('a close waits for what was written before it', async (t) => {
  const path = newPath(t)
  const store = lmdbStore(path)
  const records = Array.from({ length: 50 }, () => newRecord())
  const writes = records.map((record) => store.insert(record, { now, ...ANY }))
  await store.close()
  await Promise.all(writes)
  const again = openStore(t, path)
  assert.ok(records.every(({ id }) => again.find(id) !== null))
})

/** Writes something else in a record's place. */
function damage(path: string, id: string): void {
  const environment = openEnvironment(path)
  assert.ok(environment)
  environment.root.transactionSync(() =>
    environment.records.putSync(Buffer.from(id), Buffer.alloc(300, 1)),
  )
  closeEnvironment(environment)
}

test('a damaged record keeps no other from being ended, admitted or swept', async (t) => {
  const path = newPath(t)
  const store = openStore(t, path)
  const [good, bad] = [newRecord(), newRecord()]
  await Promise.all([good, bad].map((record) => store.insert(record, { now, ...ANY })))
  damage(path, bad.id)
  const ending = { at: now, reason: 'stolen' }
  assert.equal(await store.revoke({ kind: 'subject', subject: 'user' }, ending), 1)
  assert.equal(store.find(good.id)?.reason, 'stolen')
  const limit = { max: 1, onLimit: 'reject' } as const
  const next = newRecord({ epoch: store.epoch() })
  assert.equal((await store.insert(next, { now, limit })).status, 'inserted')
  const later = good.absoluteDeadline + 1000
  assert.deepEqual(await store.sweep(later, 100), { deleted: 2, more: false })
  assert.equal(store.find(good.id), null)
  assert.throws(() => store.find(bad.id), { code: 'ERR_SESSION_STORE_CORRUPT' })
})

test('a damaged record fails alone', async (t) => {
  const path = newPath(t)
  const store = openStore(t, path)
  const [good, bad] = [newRecord(), newRecord()]
  await Promise.all([good, bad].map((record) => store.insert(record, { now, ...ANY })))
  damage(path, bad.id)
  assert.throws(() => store.find(bad.id), { code: 'ERR_SESSION_STORE_CORRUPT' })
  const warned = once(process, 'warning')
  assert.deepEqual(store.list('user', { limit: 5, now }), { records: [good], next: null })
  assert.match(String(await warned), new RegExp(`left out of a list.*${bad.id}`))
  const [one, other] = await Promise.allSettled([
    store.update(bad.id, { now }),
    store.update(good.id, { now }),
  ])
  assert.equal(one.status === 'rejected' && one.reason.code, 'ERR_SESSION_STORE_CORRUPT')
  assert.equal(other.status === 'fulfilled' && other.value.status, 'updated')
})

test('a large record comes back whole', async (t) => {
  const store = openStore(t, newPath(t))
  const record = newRecord({ data: new Map([['app:big', JSON.stringify('ß'.repeat(500_000))]]) })
  await store.insert(record, { now, ...ANY })
  assert.deepEqual(store.find(record.id), record)
})

test('arguments of the wrong type are named', () => {
  const path: unknown = 7
  assert.throws(() => lmdbStore(path as string), TypeError)
  assert.throws(() => lmdbStore('x', { timeout: 0 }), /timeout/)
  assert.throws(() => lmdbStore('x', { maxPending: 1.5 }), /maxPending/)
})
