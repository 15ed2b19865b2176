import assert from 'node:assert/strict'
import test from 'node:test'
import { createSessions } from '@holdfast/core'
import { randomBytes } from 'node:crypto'
import { postgresStore } from '../src/index.js'
import { ANY, newId, newRecord } from '@holdfast/conformance/records'
import { PostgresServer, skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { codeOf, Stage } from './lib/stage.js'

/** Nothing is forgotten, but what nobody waits for is written late. */
const stage = new Stage(['wal_writer_delay=10s', 'autovacuum=off'])
const now = Date.now()
const UNSUPPORTED = 'ERR_SESSION_STORE_UNSUPPORTED'

test('a server that remembers is durable, and production takes it', { skip }, async (t) => {
  const { store } = await stage.store(t, { schema: await stage.schema(), allowForgetful: false })
  assert.deepEqual(await store.ready(), { forgetful: null })
  assert.equal(store.capabilities.durable, true)
  await createSessions({ store, keys: [randomBytes(32)], production: true }).close()
})

for (const setting of ['fsync', 'full_page_writes']) {
  test(
    `${setting} = off: refused in words, and by production where it is allowed`,
    { skip },
    async (t) => {
      const schema = await stage.schema()
      const admin = stage.server.pool({ max: 1 })
      await admin.query(`alter system set ${setting} = off`)
      await admin.query('select pg_reload_conf()')
      t.after(async () => {
        await admin.query(`alter system reset ${setting}`)
        await admin.query('select pg_reload_conf()')
      })
      await admin.query('select pg_sleep(0.2)')
      const { store: strict } = await stage.store(t, { schema, allowForgetful: false })
      const message = new RegExp(`${setting} = off.*allowForgetful`)
      for (const call of [() => strict.ready(), () => strict.find(newId()), () => strict.epoch()])
        await assert.rejects(async () => await call(), { code: UNSUPPORTED, message })
      const { store: lax } = await stage.store(t, { schema, allowForgetful: true })
      assert.match((await lax.ready()).forgetful ?? '', new RegExp(setting))
      assert.throws(
        () => createSessions({ store: lax, keys: [randomBytes(32)], production: true }),
        { code: UNSUPPORTED },
      )
    },
  )
}

test(
  'a session with synchronous_commit = off: what was revoked outlives a crash',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const options = '-c synchronous_commit=off'
    const { store, pool } = await stage.store(t, { schema, timeout: 10_000 }, { options })
    const records = Array.from({ length: 20 }, () => newRecord())
    for (const record of records) {
      await store.insert(record, { now, ...ANY })
      await store.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
    }
    assert.equal((await pool.query('show synchronous_commit')).rows[0]?.synchronous_commit, 'off')
    await stage.server.kill()
    await stage.server.start()
    for (const { id } of records) assert.equal((await store.find(id))?.reason, 'logout')
  },
)

test('a touch does not wait for the disk, all else does', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store, pool } = await stage.store(t, { schema }, { max: 1 })
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  const flushed = async (): Promise<boolean> => {
    const { rows } = await pool.query(
      'select pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn() as all',
    )
    return rows[0]?.all === true
  }
  await store.update(record.id, { now, set: new Map([['app:k', '1']]) })
  assert.equal(await flushed(), true, 'after a write of data')
  let waits = 0
  for (let n = 1; n <= 20; n++) {
    const touch = { lastSeenAt: now + n, idleDeadline: record.idleDeadline + n }
    await store.update(record.id, { now, touch })
    if (await flushed()) waits += 1
  }
  assert.ok(waits < 20, 'after touches')
})

test(
  'an isolation level or an encoding that does not fit is refused in words',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const options = '-c default_transaction_isolation=serializable'
    const { store } = await stage.store(t, { schema }, { options })
    await assert.rejects(store.find(newId()), { code: UNSUPPORTED, message: /isolation/ })
    const admin = stage.server.pool({ max: 1 })
    await admin.query("create database latin encoding 'LATIN1' template template0")
    const pool = stage.server.pool({ database: 'latin', max: 1 })
    const { migrate } = await import('../src/index.js')
    await migrate(pool)
    const latin = postgresStore(pool)
    t.after(() => latin.close())
    await assert.rejects(latin.find(newId()), { code: UNSUPPORTED, message: /LATIN1.*UTF8/ })
  },
)

test('a read-only connection: reads work, changes say why not', { skip }, async (t) => {
  const schema = await stage.schema()
  const options = '-c default_transaction_read_only=on'
  const { store } = await stage.store(t, { schema }, { options })
  assert.equal(await store.find(newId()), null)
  const message = /standby or read-only/
  await assert.rejects(store.insert(newRecord(), { now, ...ANY }), { message })
  assert.equal(await codeOf(() => store.sweep(now, 1)), 'ERR_SESSION_STORE_UNAVAILABLE')
})

test('a standby is refused: it may not know what has been revoked', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store } = await stage.store(t, { schema })
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  await stage.server.stop()
  const standby = await PostgresServer.start({ origin: stage.server })
  t.after(() => standby.remove())
  await stage.server.start()
  await store.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
  const stale = postgresStore(standby.pool(), { schema })
  t.after(() => stale.close())
  const refusal = { code: 'ERR_SESSION_STORE_UNAVAILABLE', message: /standby/ }
  for (const call of [() => stale.ready(), () => stale.find(record.id), () => stale.epoch()])
    await assert.rejects(async () => await call(), refusal)
})
