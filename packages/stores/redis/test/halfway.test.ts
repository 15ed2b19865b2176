import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { RecordChange, SessionStore, SubjectLimit } from '@holdfast/core/store'
import { END, INSERT, UPDATE } from '../src/lib/scripts/all.js'
import { invoke } from '../src/lib/driver.js'
import { ioredisDriver } from '../src/lib/ioredis.js'
import { openStore, redisTest, theServer, withServer } from './lib/harness.js'
import { type HeldClient, heldClient } from './lib/held-client.js'
import { ANY, HOUR, newId, newRecord } from '@holdfast/conformance/records'

withServer()

const now = Date.now()
const ENDING = { at: now, reason: 'password_changed' }
const ONE: SubjectLimit = { max: 1, onLimit: 'evict-oldest' }

interface Two {
  /** A process whose calls can be kept back. */
  readonly slow: SessionStore
  readonly held: HeldClient
  /** Another one on the same keys. */
  readonly store: SessionStore
}

function twoProcesses(t: TestContext): Two {
  const { store, prefix } = openStore(t)
  const held = heldClient(theServer().client)
  const { store: slow } = openStore(t, { prefix, timeout: 30_000 }, held.client)
  t.after(() => held.release())
  return { slow, held, store }
}

function signIn(epoch: number, limit: SubjectLimit | null = null): RecordChange {
  return {
    now,
    replace: { verifierHash: newRecord().verifierHash, at: now },
    authenticate: {
      subject: 'user',
      epoch,
      at: now,
      methods: ['pwd'],
      idleDeadline: now + HOUR,
      absoluteDeadline: now + 24 * HOUR,
      persistent: false,
      limit,
    },
  }
}

async function liveIds(store: SessionStore): Promise<string[]> {
  return (await store.list('user', { limit: 100, now })).records.map(({ id }) => id)
}

redisTest('a login that has its place when all are revoked is never written', async (t) => {
  const { slow, held, store } = twoProcesses(t)
  const record = newRecord({ epoch: await store.epoch() })
  const arrived = held.hold(INSERT)
  const login = slow.insert(record, { now, ...ANY })
  await arrived
  await store.revoke({ kind: 'subject', subject: 'user' }, ENDING)
  held.release()
  assert.deepEqual(await login, { status: 'ended' })
  assert.equal(await store.find(record.id), null)
  assert.deepEqual(await liveIds(store), [])
  const fresh = newRecord({ epoch: await store.epoch() })
  assert.equal((await store.insert(fresh, { now, ...ANY })).status, 'inserted')
})

redisTest('a sign-in that has its place when all are revoked changes nothing', async (t) => {
  const { slow, held, store } = twoProcesses(t)
  const epoch = await store.epoch()
  const record = newRecord({ epoch, subject: null, authenticatedAt: null, methods: [] })
  await store.insert(record, { now, ...ANY })
  const arrived = held.hold(UPDATE)
  const login = slow.update(record.id, signIn(epoch))
  await arrived
  await store.revoke({ kind: 'subject', subject: 'user' }, ENDING)
  held.release()
  assert.equal((await login).status, 'ended')
  assert.deepEqual(await store.find(record.id), record, 'the anonymous session goes on')
  assert.deepEqual(await liveIds(store), [])
  const again = await store.update(record.id, signIn(await store.epoch()))
  assert.equal(again.status, 'updated', 'a sign-in from after the revocation')
})

redisTest('a login that is displaced before it is written is born ended', async (t) => {
  const { slow, held, store } = twoProcesses(t)
  const record = newRecord()
  const arrived = held.hold(INSERT)
  const login = slow.insert(record, { now, limit: ONE })
  await arrived
  const other = newRecord()
  const admitted = await store.insert(other, { now, limit: ONE })
  assert.deepEqual(admitted, { status: 'inserted', evicted: [record.id] })
  held.release()
  assert.equal((await login).status, 'inserted')
  assert.equal((await store.find(record.id))?.reason, 'evicted')
  assert.deepEqual(await liveIds(store), [other.id])
})

redisTest('a sign-in that is displaced before it is written is born ended', async (t) => {
  const { slow, held, store } = twoProcesses(t)
  const record = newRecord({ subject: null, authenticatedAt: null, methods: [] })
  await store.insert(record, { now, ...ANY })
  const arrived = held.hold(UPDATE)
  const login = slow.update(record.id, signIn(0, ONE))
  await arrived
  const other = newRecord()
  await store.insert(other, { now, limit: ONE })
  held.release()
  const result = await login
  assert.equal(result.status === 'updated' && result.record.reason, 'evicted')
  assert.deepEqual(await liveIds(store), [other.id])
})

redisTest('whom a dead process had displaced is ended by the next login', async (t) => {
  const { slow, held, store } = twoProcesses(t)
  const old = newRecord({ createdAt: now - HOUR })
  await store.insert(old, { now, ...ANY })
  const arrived = held.hold(END)
  const lost = slow.insert(newRecord(), { now, limit: ONE })
  void Promise.resolve(lost).catch(() => undefined)
  await arrived
  const next = newRecord()
  const { status } = await store.insert(next, { now, limit: ONE })
  assert.equal(status, 'inserted')
  assert.deepEqual(await liveIds(store), [next.id])
  held.release()
  await lost
  assert.deepEqual(await liveIds(store), [next.id], 'it comes back, and comes too late')
})

redisTest('with a limit that rejects, one that is on its way counts', async (t) => {
  const { slow, held, store } = twoProcesses(t)
  const limit: SubjectLimit = { max: 1, onLimit: 'reject' }
  const arrived = held.hold(INSERT)
  const login = slow.insert(newRecord(), { now, limit })
  await arrived
  assert.deepEqual(await store.insert(newRecord(), { now, limit }), { status: 'limit' })
  held.release()
  assert.equal((await login).status, 'inserted')
})

redisTest('a place that is given back counts no more', async (t) => {
  const { store } = openStore(t)
  const limit: SubjectLimit = { max: 1, onLimit: 'reject' }
  const anonymous = newRecord({ subject: null, authenticatedAt: null, methods: [] })
  await store.insert(anonymous, { now, ...ANY })
  const taken = await store.insert(newRecord({ id: anonymous.id }), { now, ...ANY })
  assert.deepEqual(taken, { status: 'exists' })
  assert.equal((await store.insert(newRecord(), { now, limit })).status, 'inserted')
})

redisTest('a session whose reservation has run out is not written', async (t) => {
  const { prefix, store } = openStore(t)
  await store.epoch()
  const driver = ioredisDriver(theServer().client)
  const [id, reserved] = [newId(), String(now - 20_000)]
  const args = [
    '',
    `${prefix}e`,
    'value',
    id,
    '0',
    'user',
    String(now),
    '1000',
    `${prefix}c`,
    '60000',
  ]
  const { reply } = await invoke(driver, {
    script: INSERT,
    keys: [`${prefix}s:${id}`, `${prefix}e`],
    args: [...args, reserved, String(now - 10_000)],
  })
  assert.deepEqual(reply, [Buffer.from('late')])
  assert.equal(await store.find(id), null)
})
