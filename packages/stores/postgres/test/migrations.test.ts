import assert from 'node:assert/strict'
import test from 'node:test'
import { migrate, postgresStore, schemaStatus } from '../src/index.js'
import { newId } from '@holdfast/conformance/records'
import { skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { Stage } from './lib/stage.js'

const stage = new Stage()

test('from nothing: all migrations; a second time: none', { skip }, async () => {
  const pool = stage.server.pool()
  const schema = 'from_nothing'
  const all = ['001-sessions']
  assert.deepEqual(await schemaStatus(pool, { schema }), { version: 0, latest: 1, pending: all })
  assert.deepEqual(await migrate(pool, { schema }), all)
  assert.deepEqual(await migrate(pool, { schema }), [])
  assert.deepEqual(await schemaStatus(pool, { schema }), { version: 1, latest: 1, pending: [] })
})

test('eight at once: one does it, the others find it done', { skip }, async () => {
  const pool = stage.server.pool()
  const runs = Array.from({ length: 8 }, () => migrate(pool, { schema: 'at_once' }))
  const applied = await Promise.all(runs)
  assert.equal(applied.filter((each) => each.length === 1).length, 1)
  assert.equal(applied.filter((each) => each.length === 0).length, 7)
})

test('what fails half way leaves nothing behind', { skip }, async () => {
  const pool = stage.server.pool()
  await pool.query('create schema half; create table half.sessions (mine text)')
  await assert.rejects(migrate(pool, { schema: 'half' }), /already exists/)
  const { rows } = await pool.query(
    "select relname from pg_class where relnamespace = 'half'::regnamespace and relkind = 'r'",
  )
  assert.deepEqual(rows, [{ relname: 'sessions' }], 'the table of another application, untouched')
})

test('a schema without tables: each call says which command to run', { skip }, async (t) => {
  const { store } = await stage.store(t, { schema: 'not_there' })
  const command = /npx holdfast migrate postgres:\/\/… --schema not_there/
  for (const call of [() => store.find(newId()), () => store.ready(), () => store.epoch()])
    await assert.rejects(async () => await call(), {
      code: 'ERR_SESSION_STORE_UNSUPPORTED',
      message: command,
    })
  await migrate(stage.server.pool(), { schema: 'not_there' })
  assert.equal(await store.find(newId()), null, 'it works as soon as the command was run')
})

test('a schema of a newer version is refused, by the store and by migrate', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store, pool } = await stage.store(t, { schema })
  await pool.query(`insert into ${schema}.migrations (version, name) values (2, 'of the future')`)
  const refusal = { code: 'ERR_SESSION_STORE_UNSUPPORTED', message: /version 2.*Upgrade/ }
  await assert.rejects(async () => await store.find(newId()), refusal)
  await assert.rejects(migrate(pool, { schema }), refusal)
  assert.equal((await schemaStatus(pool, { schema })).version, 2)
})

test(
  'a role that may use the tables but not make them is enough for the store',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const admin = stage.server.pool()
    await admin.query(`create role app login; grant usage on schema ${schema} to app;
    grant select, insert, update, delete on all tables in schema ${schema} to app`)
    const pool = stage.server.pool({ user: 'app' })
    const store = postgresStore(pool, { schema, allowForgetful: true })
    t.after(() => store.close())
    assert.equal(await store.find(newId()), null)
    assert.deepEqual(await store.sweep(Date.now(), 10), { deleted: 0, more: false })
    await assert.rejects(migrate(pool, { schema: 'of_app' }), /refuses access/)
  },
)

test('two schemas in one database know nothing of each other', { skip }, async (t) => {
  const [one, two] = [await stage.schema(), await stage.schema()]
  const { store } = await stage.store(t, { schema: one })
  const { store: other } = await stage.store(t, { schema: two })
  await store.revoke({ kind: 'everyone' }, { at: 1, reason: 'breach' })
  assert.deepEqual([await store.epoch(), await other.epoch()], [1, 0])
})
