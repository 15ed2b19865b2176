// @waits
import assert from 'node:assert/strict'
import test from 'node:test'
import type { SessionStore } from '@holdfast/core/store'
import { ANY, newId, newRecord } from '@holdfast/conformance/records'
import { skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { codeOf, Stage } from './lib/stage.js'

const stage = new Stage()
const now = Date.now()
const TIMEOUT = 'ERR_SESSION_STORE_TIMEOUT'

/** Every call of a store. */
function calls(store: SessionStore): readonly (() => unknown)[] {
  const ending = { at: now, reason: 'logout' }
  return [
    () => store.find(newId()),
    () => store.insert(newRecord(), { now, ...ANY }),
    () => store.update(newId(), { now }),
    () => store.revoke({ kind: 'session', id: newId() }, ending),
    () => store.revoke({ kind: 'subject', subject: 'user' }, ending),
    () => store.revoke({ kind: 'everyone' }, ending),
    () => store.list('user', { now, limit: 10 }),
    () => store.sweep(now, 10),
    () => store.epoch(),
  ]
}

test(
  'a paused server: every call fails in its time, and works again after',
  { skip },
  async (t) => {
    const { store } = await stage.store(t, { schema: await stage.schema(), timeout: 100 })
    await store.ready()
    await stage.server.freeze()
    try {
      for (let round = 0; round < 2; round++)
        for (const call of calls(store)) assert.equal(await codeOf(call), TIMEOUT)
    } finally {
      stage.server.thaw()
    }
    // Those that were sent may end first.
    for (let n = 0; n < 20 && (await codeOf(() => store.find(newId()))) === TIMEOUT; n++);
    for (const call of calls(store)) await call()
  },
)

test('an exhausted pool: calls fail in their time, and are not sent later', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store, pool } = await stage.store(t, { schema, timeout: 100 }, { max: 1 })
  await store.ready()
  const taken = await pool.connect()
  for (const call of calls(store)) assert.equal(await codeOf(call), TIMEOUT)
  taken.release()
  await store.ready()
  const { rows } = await pool.query(
    `select (select count(*) from ${schema}.sessions)::int as n, current::int from ${schema}.epochs`,
  )
  assert.deepEqual(rows, [{ n: 0, current: 0 }], 'nothing was inserted, nothing was revoked')
})

test(
  'a locked session: the change fails in its time, and does not happen later',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const { store, pool } = await stage.store(t, { schema, timeout: 100 })
    const record = newRecord()
    await store.insert(record, { now, ...ANY })
    const locker = await pool.connect()
    await locker.query('begin')
    await locker.query(`select 1 from ${schema}.sessions where id = $1 for update`, [record.id])
    const set = new Map([['app:k', '1']])
    assert.equal(await codeOf(() => store.update(record.id, { now, set })), TIMEOUT)
    // A reader is not held up.
    assert.equal((await store.find(record.id))?.version, record.version)
    await new Promise((resolve) => {
      setTimeout(resolve, 200)
    })
    await locker.query('rollback')
    locker.release()
    assert.equal((await store.find(record.id))?.version, record.version)
    assert.equal((await store.update(record.id, { now, set })).status, 'updated')
  },
)

test(
  'a server that is gone: every call says so, and no error is left unhandled',
  { skip },
  async (t) => {
    const { store } = await stage.store(t, { schema: await stage.schema(), timeout: 1000 })
    await store.ready()
    await stage.server.kill()
    for (const call of calls(store))
      assert.equal(await codeOf(call), 'ERR_SESSION_STORE_UNAVAILABLE')
    await stage.server.start()
    for (const call of calls(store)) await call()
  },
)

test('a failed call names neither statement nor values', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store, pool } = await stage.store(t, { schema })
  await pool.query(`alter table ${schema}.sessions add constraint odd check (subject <> 'user')`)
  const record = newRecord({ data: new Map([['app:k', '"s3cret"']]) })
  const error: unknown = await Promise.resolve(store.insert(record, { now, ...ANY })).catch(
    (caught: unknown) => caught,
  )
  assert.ok(error instanceof Error && error.cause instanceof Error)
  const shown = `${error.stack} ${error.cause.stack} ${JSON.stringify([error, error.cause])}`
  for (const secret of ['s3cret', record.verifierHash, record.id, 'Failing row'])
    assert.ok(!shown.includes(secret), shown)
})
