import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { SessionStore } from '@holdfast/core/store'
import { codeOf, openStore, redisTest, theServer, withServer } from './lib/harness.js'
import { ANY, newId, newRecord } from '@holdfast/conformance/records'

withServer()

const now = Date.now()
const CORRUPT = 'ERR_SESSION_STORE_CORRUPT'

/** Every call that looks at one session. */
function callsOn(store: SessionStore, id: string): ReadonlyMap<string, () => unknown> {
  return new Map<string, () => unknown>([
    ['find', () => store.find(id)],
    ['update', () => store.update(id, { now })],
    ['revoke', () => store.revoke({ kind: 'session', id }, { at: now, reason: 'logout' })],
    ['insert', () => store.insert(newRecord({ id, subject: null }), { now, ...ANY })],
  ])
}

async function expectAll(store: SessionStore, id: string, code: string): Promise<void> {
  for (const [name, call] of callsOn(store, id)) assert.equal(await codeOf(call), code, name)
}

redisTest('a value that is cut, at any length, is corrupt', async (t) => {
  const { client } = theServer()
  const { store, prefix } = openStore(t)
  const record = newRecord({ data: new Map([['app:k', '1']]) })
  await store.insert(record, { now, ...ANY })
  const key = `${prefix}s:${record.id}`
  const whole = await client.getBuffer(key)
  assert.ok(whole)
  for (let length = 0; length < whole.length; length += 7) {
    await client.set(key, whole.subarray(0, length))
    await expectAll(store, record.id, CORRUPT)
  }
  await client.set(key, Buffer.concat([whole, Buffer.from([0])]))
  await expectAll(store, record.id, CORRUPT)
  await client.set(key, whole)
  assert.deepEqual(await store.find(record.id), record)
})

redisTest(
  'a flipped bit, anywhere, is corrupt or a newer format, never another record',
  async (t) => {
    const { client } = theServer()
    const { store, prefix } = openStore(t)
    const record = newRecord()
    await store.insert(record, { now, ...ANY })
    const key = `${prefix}s:${record.id}`
    const whole = await client.getBuffer(key)
    assert.ok(whole)
    for (let bit = 0; bit < whole.length * 8; bit += 5) {
      const flipped = Buffer.from(whole)
      flipped[bit >> 3] = (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await client.set(key, flipped)
      const code = bit < 8 ? await codeOf(() => store.find(record.id)) : CORRUPT
      assert.match(code, /CORRUPT|UNSUPPORTED/)
      await expectAll(store, record.id, code)
    }
  },
)

redisTest("a value under another's key, or another tenant's, is corrupt", async (t) => {
  const { client } = theServer()
  const { store, prefix } = openStore(t)
  const { store: tenant, prefix: other } = openStore(t)
  const [mine, theirs] = [newRecord(), newRecord()]
  for (const record of [mine, theirs]) await store.insert(record, { now, ...ANY })
  await client.copy(`${prefix}s:${mine.id}`, `${prefix}s:${theirs.id}`, 'REPLACE')
  await client.copy(`${prefix}s:${mine.id}`, `${other}s:${mine.id}`)
  await expectAll(store, theirs.id, CORRUPT)
  await expectAll(tenant, mine.id, CORRUPT)
  assert.deepEqual(await store.find(mine.id), mine)
})

redisTest('a newer format is said to be one', async (t) => {
  const { client } = theServer()
  const { store, prefix } = openStore(t)
  const id = newId()
  await client.set(`${prefix}s:${id}`, Buffer.from([2, 0, 0, 1, 2, 3, 4, 5, 6]))
  await expectAll(store, id, 'ERR_SESSION_STORE_UNSUPPORTED')
})

redisTest(
  "another application's keys under our prefix are corrupt, of whatever type",
  async (t) => {
    const { client } = theServer()
    const { store, prefix } = openStore(t)
    const make: readonly ((key: string) => Promise<unknown>)[] = [
      (key) => client.set(key, '{"user":"admin"}'),
      (key) => client.set(key, ''),
      (key) => client.hset(key, 'user', 'admin'),
      (key) => client.lpush(key, 'x'),
      (key) => client.sadd(key, 'x'),
      (key) => client.xadd(key, '*', 'a', 'b'),
    ]
    for (const [n, put] of make.entries()) {
      const id = newId()
      await put(`${prefix}s:${id}`)
      for (const [name, call] of callsOn(store, id)) {
        // MGET passes over what is no string.
        const absent = name === 'find' && n > 1
        assert.equal(await codeOf(call), absent ? 'ok' : CORRUPT, `${name}, type ${n}`)
        if (absent) assert.equal(await store.find(id), null)
      }
    }
  },
)

redisTest('a damaged session is left out of its list, in words, and hides no other', async (t) => {
  const { client } = theServer()
  const warnings: string[] = []
  const onWarning = (warning: string): unknown => warnings.push(warning)
  const { store, prefix } = openStore(t, { onWarning })
  const [good, bad] = [newRecord(), newRecord()]
  for (const record of [good, bad]) await store.insert(record, { now, ...ANY })
  await client.append(`${prefix}s:${bad.id}`, 'x')
  assert.deepEqual(await store.list('user', { limit: 5, now }), { records: [good], next: null })
  assert.match(warnings.join(), new RegExp(`left out of a list.*${bad.id}`))
  await client.setrange(`${prefix}s:${bad.id}`, 0, '\u0002')
  const list = (): unknown => store.list('user', { limit: 5, now })
  assert.equal(
    await codeOf(list),
    'ERR_SESSION_STORE_UNSUPPORTED',
    'one of a newer version is no damage',
  )
})

redisTest("another application's key does not keep the others from being ended", async (t) => {
  const { client } = theServer()
  const { store, prefix } = openStore(t, { timeout: 10_000 })
  const records = Array.from({ length: 300 }, () => newRecord())
  await Promise.all(records.map(async (record) => store.insert(record, { now, ...ANY })))
  for (const { id } of records.slice(0, 2)) await client.del(`${prefix}s:${id}`)
  await client.lpush(`${prefix}s:${records[0]?.id}`, 'x')
  await client.set(`${prefix}s:${records[1]?.id}`, 'x')
  const ending = { at: now, reason: 'logout' }
  assert.equal(await store.revoke({ kind: 'subject', subject: 'user' }, ending), 298)
  for (const { id } of records.slice(2)) assert.equal((await store.find(id))?.reason, 'logout')
})

redisTest(
  'a session that this version cannot read counts: nobody is let in past a limit',
  async (t) => {
    const { client } = theServer()
    const { store, prefix } = openStore(t)
    const limit = { max: 1, onLimit: 'reject' } as const
    const [first, second] = [newRecord(), newRecord()]
    await store.insert(first, { now, limit })
    const value = await client.getBuffer(`${prefix}s:${first.id}`)
    assert.ok(value)
    await client.setrange(`${prefix}s:${first.id}`, 0, '\u0002')
    const login = (): unknown => store.insert(second, { now, limit })
    assert.equal(await codeOf(login), 'ERR_SESSION_STORE_UNSUPPORTED')
    assert.equal(await store.find(second.id), null)
    await client.set(`${prefix}s:${first.id}`, value)
    assert.deepEqual(await login(), { status: 'limit' })
  },
)

redisTest('damaged counters and indexes let nobody in', async (t) => {
  const { client } = theServer()
  const { store, prefix } = openStore(t)
  const record = newRecord({ subject: 's' })
  await store.insert(record, { now, ...ANY })
  const [bucket = ''] = await client.keys(`${prefix}u:*`)
  const [field] = await client.hkeysBuffer(bucket)
  assert.ok(field)
  for (const text of ['', 'x', Buffer.alloc(32), Buffer.alloc(32, 1)]) {
    await client.hset(bucket, field, text)
    const list = (): unknown => store.list('s', { limit: 5, now })
    assert.equal(await codeOf(list), text === '' ? 'ok' : CORRUPT, 'list')
    const ending = { at: now, reason: 'logout' }
    const insert = (): unknown => store.insert(newRecord({ subject: 's' }), { now, ...ANY })
    assert.equal(await codeOf(insert), CORRUPT, 'insert')
    const revoke = (): unknown => store.revoke({ kind: 'subject', subject: 's' }, ending)
    assert.equal(await codeOf(revoke), CORRUPT, 'revoke')
  }
  const counters = (await client.get(`${prefix}e`)) ?? ''
  for (const text of ['', 'x', '5', counters.slice(0, -5), `${counters}x`, `1 ${counters}`]) {
    await client.set(`${prefix}e`, text)
    assert.equal(await codeOf(() => store.find(record.id)), CORRUPT, `find with ${text}`)
    assert.equal(await codeOf(() => store.update(record.id, { now })), CORRUPT)
    assert.equal(await codeOf(() => store.epoch()), CORRUPT)
  }
})

redisTest('what is no id never reaches the server', async (t) => {
  const { store } = openStore(t)
  const odd = [
    '',
    '{}',
    `${newId()}0`,
    'a\r\nFLUSHALL',
    '\0'.repeat(22),
    '"',
    '..',
    'x'.repeat(1e4),
  ]
  for (const id of odd) {
    assert.equal(await store.find(id), null)
    assert.deepEqual(await store.update(id, { now }), { status: 'missing' })
    const target = { kind: 'session', id } as const
    assert.equal(await store.revoke(target, { at: now, reason: 'logout' }), 0)
    assert.notEqual(await codeOf(() => store.insert(newRecord({ id }), { now, ...ANY })), 'ok')
  }
})

redisTest('an error says nothing of what is stored', async (t) => {
  const { client } = theServer()
  const { store } = openStore(t)
  const record = newRecord({ subject: 'secret-subject', data: new Map([['app:k', '"secret"']]) })
  await store.insert(record, { now, ...ANY })
  await client.config('SET', 'maxmemory', '1')
  try {
    await store.update(record.id, { now, set: new Map([['app:k', '"secret too"']]) })
    assert.fail('the server was out of memory')
  } catch (error) {
    const shown = inspect(error, { depth: 10 })
    assert.match(shown, /ERR_SESSION_STORE_UNAVAILABLE/)
    assert.doesNotMatch(shown, /secret/)
    assert.doesNotMatch(shown, new RegExp(record.verifierHash))
  } finally {
    await client.config('SET', 'maxmemory', '0')
  }
})
