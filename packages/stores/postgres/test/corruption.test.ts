import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { ANY, HOUR, newId, newRecord } from '@holdfast/conformance/records'
import { skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { codeOf, Stage } from './lib/stage.js'

const stage = new Stage()
const now = Date.now()
const CORRUPT = 'ERR_SESSION_STORE_CORRUPT'

/** What somebody did to the row of a session, by hand or by an accident of the disk. */
const DAMAGE: readonly (readonly [string, string])[] = [
  ['data that is no text', `data = '{"app:k": 1}'`],
  ['data that is null', `data = '{"app:k": null}'`],
  ['methods that are no texts', `methods = '[["pwd"]]'`],
  ['an instant beyond all numbers', 'last_seen_at = 9223372036854775807'],
  ['a version beyond all numbers', 'version = 9007199254740993'],
]

for (const [what, change] of DAMAGE) {
  test(`${what}: corrupt, never a record`, { skip }, async (t) => {
    const schema = await stage.schema()
    const { store, pool } = await stage.store(t, { schema })
    const record = newRecord()
    await store.insert(record, { now, ...ANY })
    await pool.query(`update ${schema}.sessions set ${change}`)
    assert.equal(await codeOf(() => store.find(record.id)), CORRUPT)
    assert.deepEqual(await store.list('user', { now, limit: 5 }), { records: [], next: null })
    const ending = { at: now, reason: 'logout' }
    assert.equal(await store.revoke({ kind: 'session', id: record.id }, ending), 1, 'it can end')
  })
}

const REFUSED: readonly (readonly [string, string])[] = [
  ['a hash that is too short', `verifier_hash = '\\x00'`],
  ['no hash', 'verifier_hash = null'],
  ['data that is a list', `data = '[]'`],
  ['an id that is too long', `id = id || 'x'`],
  ['no deadline', 'absolute_deadline = null'],
]

for (const [what, change] of REFUSED) {
  test(`${what}: the table itself refuses it`, { skip }, async (t) => {
    const schema = await stage.schema()
    const { store, pool } = await stage.store(t, { schema })
    await store.insert(newRecord(), { now, ...ANY })
    await assert.rejects(pool.query(`update ${schema}.sessions set ${change}`), /constraint/)
  })
}

test('a damaged row is left out of lists, in words, and hides no other', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store, pool } = await stage.store(t, { schema })
  const records = Array.from({ length: 5 }, () => newRecord()).toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  )
  for (const record of records) await store.insert(record, { now, ...ANY })
  const damaged = [records[1]?.id ?? '', records[2]?.id ?? '']
  await pool.query(`update ${schema}.sessions set data = '{"app:k": 1}' where id = any ($1)`, [
    damaged,
  ])
  const warned = once(process, 'warning')
  const found: string[] = []
  for (let after: string | null = ''; after !== null;) {
    const page = await store.list('user', { now, limit: 2, after })
    found.push(...page.records.map(({ id }) => id))
    after = page.next
  }
  const good = records.map(({ id }) => id).filter((id) => !damaged.includes(id))
  assert.deepEqual(found, good, 'every page goes on where the one before it ended')
  assert.match(String(await warned), new RegExp(`left out of a list.*${damaged[0]}`))
})

test('a row whose id is no session id is in no list and is swept', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store, pool } = await stage.store(t, { schema })
  await store.insert(newRecord(), { now, ...ANY })
  await pool.query(`update ${schema}.sessions set id = repeat('-', 22)`)
  assert.deepEqual(await store.list('user', { now, limit: 5 }), { records: [], next: null })
  assert.equal((await store.sweep(now + 48 * HOUR, 10)).deleted, 1)
})

test('counters that are gone: no session is honoured, nothing is let in', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store, pool } = await stage.store(t, { schema })
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  await pool.query(`delete from ${schema}.epochs`)
  const calls = [
    () => store.find(record.id),
    () => store.insert(newRecord(), { now, ...ANY }),
    () => store.update(record.id, { now }),
    () => store.revoke({ kind: 'everyone' }, { at: now, reason: 'breach' }),
    () => store.revoke({ kind: 'subject', subject: 'user' }, { at: now, reason: 'breach' }),
    () => store.sweep(now, 10),
    () => store.list('user', { now, limit: 5 }),
    () => store.epoch(),
  ]
  for (const call of calls) assert.equal(await codeOf(call), CORRUPT, String(call))
})

const ODD_IDS: readonly string[] = [
  '',
  ' ',
  "'; drop table sessions; --",
  '"'.repeat(22),
  '\u0000'.repeat(22),
  '\r\n'.repeat(11),
  '..',
  '{}',
  '\ud800',
  'x'.repeat(10_240),
  'é'.repeat(22),
  `${'a'.repeat(21)}\n`,
]

test('ids that are none never reach the server', { skip }, async (t) => {
  // A pool that cannot connect: what reached for it would fail.
  const { store } = await stage.store(t, { schema: 'none', timeout: 5000 }, { port: 1 })
  const ending = { at: now, reason: 'logout' }
  for (const id of ODD_IDS) {
    assert.equal(await store.find(id), null)
    assert.deepEqual(await store.update(id, { now }), { status: 'missing' })
    assert.equal(await store.revoke({ kind: 'session', id }, ending), 0)
    const code = await codeOf(() => store.insert(newRecord({ id }), { now, ...ANY }))
    assert.equal(code, 'ERR_SESSION_DATA_INVALID')
  }
  const hash = await codeOf(() => store.insert(newRecord({ verifierHash: 'x' }), { now, ...ANY }))
  assert.equal(hash, 'ERR_SESSION_DATA_INVALID')
})

test(
  'odd texts anywhere come back letter by letter, and are counted as core does',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const { store } = await stage.store(t, { schema })
    const odd = [
      '\u0000',
      '\u0001',
      '\u00010',
      '\u0001ud800',
      '\ud800',
      'a\udfffb',
      '\u0000\ud83d🔑',
    ]
    for (const text of odd) {
      const record = newRecord({
        subject: `s${text}`,
        methods: [text],
        client: { label: text, address: text, userAgent: text },
        previous: { verifierHash: newRecord().verifierHash, sealed: text, supersededAt: null },
        data: new Map([[`app:${text}`, JSON.stringify(text) + text]]),
      })
      assert.equal((await store.insert(record, { now, ...ANY })).status, 'inserted')
      assert.deepEqual(await store.find(record.id), record)
      const set = new Map([[`app:2${text}`, text]])
      const expected = [...record.data, ...set]
        .flat()
        .reduce((sum, each) => sum + Buffer.byteLength(each), 0)
      const refused = await store.update(record.id, { now, set, maxDataBytes: expected - 1 })
      assert.deepEqual(refused, { status: 'too_large', bytes: expected })
      const unset = [...record.data.keys()]
      const result = await store.update(record.id, { now, set, unset, maxDataBytes: expected })
      assert.ok(result.status === 'updated')
      assert.deepEqual([...result.record.data], [...set])
      const ending = { at: now, reason: text }
      assert.equal(await store.revoke({ kind: 'subject', subject: `s${text}` }, ending), 1)
      assert.equal((await store.find(record.id))?.reason, text)
    }
    assert.deepEqual(
      (await store.list('\u0000', { now, limit: 5, after: '\u0000\ud800' })).records,
      [],
    )
    assert.equal((await store.find(newId()))?.id, undefined)
  },
)
