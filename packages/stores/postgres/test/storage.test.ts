import assert from 'node:assert/strict'
import test from 'node:test'
import type { SessionRecord } from '@holdfast/core/store'
import type { Pool } from 'pg'
import { type PgPool, type PostgresStore, postgresStore } from '../src/index.js'
import { ANY, HOUR, newId, newRecord } from '@holdfast/conformance/records'
import { skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { Stage } from './lib/stage.js'

const COUNT = Number(process.env['HOLDFAST_POSTGRES_SESSIONS'] ?? '100000')
const DUE = COUNT / 10
const TOUCHES = 1000
const ROUNDS = 3
const USER_AGENT =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 x'

const stage = new Stage()
const now = Date.now()

/** What the server has counted for the sessions table, by connections that have told it. */
async function countsOf(pool: Pool, schema: string): Promise<Record<string, number>> {
  await pool.query('select pg_stat_force_next_flush()')
  await pool.query('select 1')
  const { rows } = await pool.query(
    `select n_tup_upd::int as updates, n_tup_hot_upd::int as hot, coalesce(seq_scan, 0)::int as scans
     from pg_stat_user_tables where schemaname = $1 and relname = 'sessions'`,
    [schema],
  )
  return rows[0] ?? assert.fail('no statistics')
}

/** Many sessions like `record`, with ids, subjects and hashes of their own; every tenth is due. */
async function fill(pool: Pool, schema: string, record: SessionRecord): Promise<void> {
  await pool.query(
    `insert into ${schema}.sessions
     select r.* from ${schema}.sessions s, generate_series(1, $1::int) n,
     lateral jsonb_populate_record(s, jsonb_build_object(
       'id', substr(translate(encode(sha256(n::text::bytea), 'base64'), '+/', 'xy'), 1, 22),
       'verifier_hash', sha256(('v' || n)::bytea),
       'subject', 'user-' || n * 7919::bigint % 1000003,
       'idle_deadline', s.idle_deadline - case when n % 10 = 0 then 7200000 else 0 end,
       'sweep_at', s.sweep_at - case when n % 10 = 0 then 7200000 else 0 end)) r
     where s.id = $2`,
    [COUNT - 1, record.id],
  )
  await pool.query(`vacuum analyze ${schema}.sessions`)
}

test(`${COUNT} sessions: their size, touches in place, nothing by a scan`, { skip }, async (t) => {
  const schema = await stage.schema()
  // One connection, so that the server has heard of all it did.
  const { store, pool } = await stage.store(t, { schema, timeout: 30_000 }, { max: 1 })
  const client = { label: 'Chrome on macOS', address: '203.0.113.0', userAgent: USER_AGENT }
  const record = newRecord({ subject: 'user-0', client })
  await store.insert(record, { now, ...ANY })
  await fill(pool, schema, record)
  t.diagnostic(await sizes(pool, schema))
  const ids = await someIds(pool, schema)
  await touches(t, store, pool, schema, ids)
  const before = await countsOf(pool, schema)
  await everything(store, ids)
  const started = performance.now()
  let deleted = 0
  for (let more = true; more;) {
    const batch = await store.sweep(now, 500)
    deleted += batch.deleted
    more = batch.more
  }
  const took = Math.round(performance.now() - started)
  t.diagnostic(`sweep of ${deleted} of ${COUNT} in batches of 500: ${took} ms`)
  assert.ok(deleted >= Math.floor(DUE) - TOUCHES && deleted <= DUE, `${deleted} were due`)
  const after = await countsOf(pool, schema)
  assert.equal(after['scans'], before['scans'], 'no call has read the whole table')
})

async function sizes(pool: Pool, schema: string): Promise<string> {
  const { rows } = await pool.query<{ name: string; bytes: string }>(
    `select relname as name, pg_relation_size(oid)::text as bytes from pg_class
     where relnamespace = $1::regnamespace and relname like 'sessions%' order by 2 desc`,
    [schema],
  )
  const each = rows.map(({ name, bytes }) => [name, Math.round(Number(bytes) / COUNT)] as const)
  const sum = each.reduce((total, [, bytes]) => total + bytes, 0)
  assert.ok(sum > 100 && sum < 800, `${sum} bytes for each session`)
  return `bytes for each session: ${sum} (${each.map((pair) => pair.join(' ')).join(', ')})`
}

async function someIds(pool: Pool, schema: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from ${schema}.sessions where idle_deadline > $1 order by id limit $2`,
    [now, TOUCHES],
  )
  return rows.map(({ id }) => id)
}

async function touches(
  t: { diagnostic(message: string): void },
  store: PostgresStore,
  pool: Pool,
  schema: string,
  ids: readonly string[],
): Promise<void> {
  const before = await countsOf(pool, schema)
  const started = performance.now()
  for (let round = 1; round <= ROUNDS; round++) {
    for (const id of ids) {
      const touch = { lastSeenAt: now + round, idleDeadline: now + HOUR + round }
      assert.equal((await store.update(id, { now, touch })).status, 'updated')
    }
  }
  const took = Math.round((performance.now() - started) * (1000 / (ids.length * ROUNDS)))
  const after = await countsOf(pool, schema)
  const updates = (after['updates'] ?? 0) - (before['updates'] ?? 0)
  const hot = (after['hot'] ?? 0) - (before['hot'] ?? 0)
  t.diagnostic(`touches: ${updates} updates, ${hot} of them heap-only; ${took} us each, one by one`)
  assert.equal(updates, ids.length * ROUNDS)
  assert.ok(hot / updates > 0.95, `${hot} of ${updates} updates were heap-only`)
}

/** As the statement in {@link fill} makes them, in no order. */
function subjectOf(n: number): string {
  return `user-${(n * 7919) % 1_000_003}`
}

/** Each kind of call, once. */
async function everything(store: PostgresStore, ids: readonly string[]): Promise<void> {
  const ending = { at: now, reason: 'logout' }
  const [first = '', second = ''] = ids
  assert.ok(await store.find(first))
  assert.equal(await store.find(newId()), null)
  assert.equal((await store.list(subjectOf(77), { now, limit: 10 })).records.length, 1)
  await store.list(subjectOf(77), { now, limit: 10, includeEnded: true })
  const limit = { max: 1, onLimit: 'evict-oldest' } as const
  assert.equal(
    (await store.insert(newRecord({ subject: subjectOf(77) }), { now, limit })).status,
    'inserted',
  )
  assert.equal(await store.revoke({ kind: 'session', id: first }, ending), 1)
  assert.equal(await store.revoke({ kind: 'session', id: second }, ending), 1)
  assert.equal(await store.revoke({ kind: 'subject', subject: subjectOf(78) }, ending), 1)
}

test('each call is one statement, and so one round trip', { skip }, async (t) => {
  const schema = await stage.schema()
  const pool = stage.server.pool()
  let sent = 0
  const counting: PgPool & { readonly totalCount: number } = {
    totalCount: 0,
    options: pool.options,
    on: (event, listener) => pool.on(event, listener),
    removeListener: (event, listener) => pool.removeListener(event, listener),
    connect(taken) {
      pool.connect((error, client) => {
        if (client === undefined) return taken(error, undefined)
        taken(undefined, {
          on: (event, listener) => client.on(event, listener),
          removeListener: (event, listener) => client.removeListener(event, listener),
          release: (destroy) => client.release(destroy),
          query(config) {
            sent += 1
            return client.query(config)
          },
        })
      })
    },
  }
  const store = postgresStore(counting, { schema, allowForgetful: true })
  t.after(() => store.close())
  const records = Array.from({ length: 50 }, () => newRecord())
  await store.ready()
  sent = 0
  for (const record of records) await store.insert(record, { now, ...ANY })
  for (const { id } of records) await store.find(id)
  for (const { id } of records) await store.update(id, { now, set: new Map([['app:k', '1']]) })
  await store.revoke({ kind: 'subject', subject: 'user' }, { at: now, reason: 'logout' })
  await store.sweep(now + 48 * HOUR, 100)
  assert.equal(sent, 50 + 50 + 50 + 1 + 1)
})
