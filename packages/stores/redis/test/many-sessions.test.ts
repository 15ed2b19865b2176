import assert from 'node:assert/strict'
import type { SessionStore, SubjectLimit } from '@holdfast/core/store'
import { ANY, HOUR, newRecord } from '@holdfast/conformance/records'
import { INSERT } from '../src/lib/scripts/all.js'
import { openStore, redisTest, theServer, withServer } from './lib/harness.js'
import { heldClient } from './lib/held-client.js'

withServer()

const now = Date.now()
/** An ending of then is one for good: no failover forgets it. */
const LONG_AGO = now - HOUR
const ENDING = { at: now, reason: 'password_changed' }
const SUBJECT = { kind: 'subject', subject: 'user' } as const
/** Places that a subject's field holds at most, and those that a look has not been taken at yet; see `subject.lua.ts`. */
const FEW = 32 + 16

/** How many places the only subject of this prefix has: in its field, which every sign-in reads and writes, and in all. */
async function placesOf(prefix: string): Promise<{ readonly field: number; readonly all: number }> {
  const { client } = theServer()
  const [bucket = ''] = await client.keys(`${prefix}u:*`)
  const [bytes] = await client.hvalsBuffer(bucket)
  const field = Math.floor(((bytes?.length ?? 0) - 9) / 23)
  const [older] = await client.keys(`${prefix}o:*`)
  return { field, all: field + (older === undefined ? 0 : await client.zcard(older)) }
}

async function signInOften(store: SessionStore, count: number): Promise<string[]> {
  const records = Array.from({ length: count }, () => newRecord())
  for (const record of records) await store.insert(record, { now, ...ANY })
  return records.map(({ id }) => id)
}

redisTest('a subject that signs in and out again and again leaves few places', async (t) => {
  const { store, prefix } = openStore(t)
  const kept = newRecord()
  await store.insert(kept, { now, ...ANY })
  const ids: string[] = []
  for (let n = 0; n < 300; n++) {
    const record = newRecord()
    await store.insert(record, { now, ...ANY })
    await store.revoke({ kind: 'session', id: record.id }, { at: LONG_AGO, reason: 'logout' })
    ids.push(record.id)
  }
  const { all } = await placesOf(prefix)
  assert.ok(all <= FEW, `${all} places`)
  const page = { limit: 1000, now }
  assert.deepEqual((await store.list('user', page)).records, [kept], 'the live one is there')
  const listed = (await store.list('user', { ...page, includeEnded: true })).records
  const newest = ids.slice(-16)
  assert.deepEqual(
    newest.filter((id) => !listed.some((record) => record.id === id)),
    [],
    'and the last sixteen that ended',
  )
  assert.equal(await store.revoke(SUBJECT, ENDING), 1)
})

redisTest('with a limit, those that were displaced leave few places', async (t) => {
  const { store, prefix } = openStore(t)
  const limit: SubjectLimit = { max: 2, onLimit: 'evict-oldest' }
  for (let n = 0; n < 150; n++)
    await store.insert(newRecord({ createdAt: n }), { now: LONG_AGO + n * 15_000, limit })
  const { all } = await placesOf(prefix)
  // The two that live, and those that were displaced within the last minute.
  assert.ok(all <= FEW + 6, `${all} places`)
  const { records } = await store.list('user', { limit: 1000, now })
  assert.deepEqual(new Set(records.map(({ createdAt }) => createdAt)), new Set([148, 149]))
})

redisTest('a sign-in handles as few places where a thousand sessions live', async (t) => {
  const { store, prefix } = openStore(t, { timeout: 10_000 })
  const ids = await signInOften(store, 1000)
  const before = await placesOf(prefix)
  assert.ok(before.field <= 32, `${before.field} places in the field`)
  assert.equal(before.all, 1000, 'each live session has a place')
  const { records } = await store.list('user', { limit: 1000, now })
  assert.deepEqual(
    records.map(({ id }) => id),
    ids.toSorted(),
  )
  const spared = ids[0] ?? ''
  assert.equal(await store.revoke({ ...SUBJECT, except: spared }, ENDING), 999)
  assert.equal((await store.find(spared))?.revokedAt, null)
  assert.equal(await store.revoke(SUBJECT, ENDING), 1, 'the one that was spared has kept its place')
  assert.equal((await placesOf(prefix)).all, 1000, 'a failover may yet forget how they ended')
  assert.equal(await store.revoke(SUBJECT, { ...ENDING, at: now + HOUR }), 0)
  const { all } = await placesOf(prefix)
  assert.ok(all <= 32, `${all} places of those that have ended`)
})

redisTest('sessions whose keys have gone lose their places', async (t) => {
  const { store, prefix } = openStore(t)
  const { client } = theServer()
  await signInOften(store, 100)
  const [older = ''] = await client.keys(`${prefix}o:*`)
  // As if they had been there for a minute: only then is it known that nobody is about to write them.
  const members = await client.zrangeBuffer(older, '0', '-1')
  for (const member of members) {
    const aged = Buffer.from(member)
    aged.writeUIntBE(now - 60_000, 17, 6)
    await client
      .multi()
      .zrem(older, member)
      .zadd(older, String(now + 60_000), aged)
      .exec()
  }
  await client.del(await client.keys(`${prefix}s:*`))
  await signInOften(store, 32)
  const { all } = await placesOf(prefix)
  assert.ok(all <= 64, `${all} places`)
})

redisTest('a session that has expired by one clock only keeps its place', async (t) => {
  const { store } = openStore(t)
  const ids = await signInOften(store, 40)
  const ahead = now + 2 * HOUR
  for (let n = 0; n < 40; n++)
    await store.insert(newRecord({ idleDeadline: ahead + HOUR }), { now: ahead, ...ANY })
  const limit: SubjectLimit = { max: 1000, onLimit: 'reject' }
  await store.insert(newRecord(), { now: ahead, limit })
  const { records } = await store.list('user', { limit: 1000, now })
  const listed = new Set(records.map(({ id }) => id))
  assert.deepEqual(
    ids.filter((id) => !listed.has(id)),
    [],
  )
})

redisTest(
  'a login whose place has become an old one is refused after all are revoked',
  async (t) => {
    const { store, prefix } = openStore(t)
    const held = heldClient(theServer().client)
    const { store: slow } = openStore(t, { prefix, timeout: 30_000 }, held.client)
    t.after(() => held.release())
    const record = newRecord({ epoch: await store.epoch() })
    const arrived = held.hold(INSERT)
    const login = slow.insert(record, { now, ...ANY })
    await arrived
    await signInOften(store, 40)
    assert.equal(await store.revoke(SUBJECT, ENDING), 40)
    held.release()
    assert.deepEqual(await login, { status: 'ended' })
    assert.equal(await store.find(record.id), null)
  },
)

redisTest('a limit counts old places too, one on its way among them', async (t) => {
  const { store, prefix } = openStore(t)
  const held = heldClient(theServer().client)
  const { store: slow } = openStore(t, { prefix, timeout: 30_000 }, held.client)
  t.after(() => held.release())
  const arrived = held.hold(INSERT)
  const login = slow.insert(newRecord(), { now, ...ANY })
  await arrived
  await signInOften(store, 40)
  const fits: SubjectLimit = { max: 42, onLimit: 'reject' }
  const full: SubjectLimit = { max: 41, onLimit: 'reject' }
  assert.deepEqual(await store.insert(newRecord(), { now, limit: full }), { status: 'limit' })
  assert.equal((await store.insert(newRecord(), { now, limit: fits })).status, 'inserted')
  held.release()
  assert.equal((await login).status, 'inserted')
  const evicting: SubjectLimit = { max: 42, onLimit: 'evict-oldest' }
  const result = await store.insert(newRecord(), { now, limit: evicting })
  assert.equal(result.status === 'inserted' && result.evicted.length, 1)
  const { records } = await store.list('user', { limit: 1000, now })
  assert.equal(records.length, 42)
})

redisTest(
  'a session that is signed in again from an old place has one place in the list',
  async (t) => {
    const { store } = openStore(t)
    const [first = ''] = await signInOften(store, 40)
    const again = await store.insert(newRecord({ id: first }), { now, ...ANY })
    assert.deepEqual(again, { status: 'exists' })
    const limit: SubjectLimit = { max: 41, onLimit: 'reject' }
    assert.equal((await store.insert(newRecord(), { now, limit })).status, 'inserted')
    const { records } = await store.list('user', { limit: 1000, now })
    assert.equal(new Set(records.map(({ id }) => id)).size, records.length)
    assert.equal(records.length, 41)
  },
)
