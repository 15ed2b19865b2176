// @waits
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { createSessions } from '@holdfast/core'
import { type StoreNotice, verifierHash as hashOf } from '@holdfast/core/store'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { until } from '@holdfast/test-servers/wait'
import { PgDriver } from '../src/lib/drivers/pg.js'
import { listenTo, Stage } from './lib/stage.js'

const stage = new Stage()
const now = Date.now()

const isUp = (notices: readonly StoreNotice[]) => (): boolean =>
  notices.some(({ kind }) => kind === 'confirmed')

function has(notices: readonly StoreNotice[], id: string): boolean {
  return notices.some((each) => each.kind === 'changed' && each.id === id)
}

test('what one process changes, another hears of', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store: ours } = await stage.store(t, { schema })
  const { store: theirs } = await stage.store(t, { schema })
  const heard = listenTo(theirs)
  await until(isUp(heard), 'the channel is up')
  const [a, b] = [newRecord(), newRecord()]
  for (const record of [a, b]) await ours.insert(record, { now, ...ANY })
  const touch = { lastSeenAt: now, idleDeadline: a.idleDeadline + 1 }
  await ours.update(a.id, { now, touch })
  await until(() => has(heard, a.id), 'a touch')
  heard.length = 0
  await ours.revoke({ kind: 'session', id: a.id }, { at: now, reason: 'logout' })
  await until(() => has(heard, a.id), 'a revocation')
  await ours.revoke({ kind: 'subject', subject: 'user' }, { at: now, reason: 'logout' })
  await until(() => has(heard, b.id), 'a revocation of a subject')
  heard.length = 0
  await ours.revoke({ kind: 'everyone' }, { at: now, reason: 'breach' })
  await until(() => heard.some(({ kind }) => kind === 'reset'), 'a revocation of everyone')
})

test('all of a thousand sessions that end at once are reported, by id', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store } = await stage.store(t, { schema, timeout: 20_000 })
  const { store: theirs } = await stage.store(t, { schema })
  const heard = listenTo(theirs)
  await until(isUp(heard), 'the channel is up')
  const records = Array.from({ length: 1000 }, () => newRecord())
  await Promise.all(records.map((record) => store.insert(record, { now, ...ANY })))
  const ending = { at: now, reason: 'logout' }
  assert.equal(await store.revoke({ kind: 'subject', subject: 'user' }, ending), 1000)
  const told = (): number => heard.filter(({ kind }) => kind === 'changed').length
  await until(() => told() === 1000, `all; told of ${told()}`)
  assert.equal(heard.filter(({ kind }) => kind === 'reset').length, 1, 'only that of the start')
})

test('the counter is known without a round trip while the channel is up', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store: ours } = await stage.store(t, { schema })
  const { store: theirs } = await stage.store(t, { schema })
  assert.ok(ours.epoch() instanceof Promise, 'nobody listens yet: it is read')
  const heard = listenTo(ours)
  await until(isUp(heard), 'the channel is up')
  assert.equal(ours.epoch(), 0)
  await ours.revoke({ kind: 'subject', subject: 'user' }, { at: now, reason: 'logout' })
  assert.equal(ours.epoch(), 1, 'its own revocation, at once')
  await theirs.revoke({ kind: 'everyone' }, { at: now, reason: 'breach' })
  await until(() => ours.epoch() === 2, 'the revocation of another process')
})

test(
  'a notice that somebody else sends moves no counter and stops nothing',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const { store, pool } = await stage.store(t, { schema })
    const heard = listenTo(store)
    await until(isUp(heard), 'the channel is up')
    for (const payload of [
      '',
      '#',
      '#x',
      ';',
      ';;',
      '99;',
      '99;*',
      'x;y',
      '1e9;',
      `;${'x'.repeat(7000)}`,
    ])
      await pool.query('select pg_notify($1, $2)', [`${schema}_sessions`, payload])
    heard.length = 0
    await until(isUp(heard), 'it goes on')
    assert.equal(await store.epoch(), 0)
    const record = newRecord({ epoch: 99 })
    await store.insert(record, { now, ...ANY })
    await store.revoke({ kind: 'everyone' }, { at: now, reason: 'breach' })
    assert.equal(
      (await store.find(record.id))?.reason,
      'breach',
      'a counter that leads helps nobody',
    )
  },
)

test('a cut connection: unhealthy, then healthy on a new one', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store, pool } = await stage.store(t, { schema })
  const heard = listenTo(store)
  await until(isUp(heard), 'the channel is up')
  heard.length = 0
  await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where pid <> pg_backend_pid() and (query like 'listen%' or query like '%pg_notify($1%')`)
  await until(() => heard[0]?.kind === 'unhealthy', 'unhealthy')
  await until(() => heard.some(({ kind }) => kind === 'healthy'), 'healthy')
  const record = newRecord()
  await store.insert(record, { now, ...ANY })
  heard.length = 0
  await store.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
  await until(() => has(heard, record.id), 'what happens after it is heard')
  await until(isUp(heard), 'and confirmed')
})

test('a server that says nothing: unhealthy; once it goes on: healthy', { skip }, async (t) => {
  const schema = await stage.schema()
  const { store } = await stage.store(t, { schema })
  const heard = listenTo(store)
  await until(isUp(heard), 'the channel is up')
  await stage.server.freeze()
  try {
    await until(() => heard.some(({ kind }) => kind === 'unhealthy'), 'unhealthy')
    await assert.rejects(async () => await store.epoch(), 'the counter is read, and that fails')
  } finally {
    stage.server.thaw()
  }
  await until(() => heard.some(({ kind }) => kind === 'healthy'), 'healthy')
  assert.equal(await store.epoch(), 0)
})

test('a beat waits until the one before is answered, as the client asks', { skip }, async (t) => {
  const warnings: Error[] = []
  const warned = (warning: Error): unknown => warnings.push(warning)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  const driver = new PgDriver(stage.server.pool({ max: 1 }), true)
  const ear = await driver.listen('beats', { heard: () => undefined, lost: () => undefined })
  t.after(() => {
    ear.close()
    driver.release()
  })
  const beat = { name: 'beat', text: 'select $1::text' }
  const answers = await Promise.all(['1', '2', '3'].map((n) => ear.run(beat, [n])))
  assert.deepEqual(answers, [[['1']], [['2']], [['3']]])
  await assert.rejects(ear.run({ name: 'no', text: 'select nothing from nowhere' }, []))
  assert.deepEqual(await ear.run(beat, ['4']), [['4']], 'one that fails holds up none')
  assert.deepEqual(warnings, [])
})

test(
  'a server that was killed and came back: what was acknowledged is there',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const { store } = await stage.store(t, { schema })
    const heard = listenTo(store)
    await until(isUp(heard), 'the channel is up')
    const record = newRecord()
    await store.insert(record, { now, ...ANY })
    await store.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
    await stage.server.kill()
    await until(() => heard.some(({ kind }) => kind === 'unhealthy'), 'unhealthy')
    await assert.rejects(async () => await store.find(record.id), {
      code: 'ERR_SESSION_STORE_UNAVAILABLE',
    })
    await stage.server.start()
    await until(() => heard.some(({ kind }) => kind === 'healthy'), 'healthy')
    assert.equal((await store.find(record.id))?.reason, 'logout')
  },
)

test(
  'a manager keeps what it read, and drops it when another process ends it',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const { store: ours } = await stage.store(t, { schema })
    const { store: theirs, pool } = await stage.store(t, { schema })
    const keys = [randomBytes(32)]
    const [here, there] = [ours, theirs].map((store) => createSessions({ store, keys }))
    assert.ok(here && there)
    t.after(() => Promise.all([here.close(), there.close()]))
    const heard = listenTo(theirs)
    await until(isUp(heard), 'the channel is up')
    const record = newRecord()
    const { verifier, verifierHash } = newVerifier()
    await ours.insert({ ...record, verifierHash }, { now, ...ANY })
    const token = here.tokenKeys('__Host-session').issue(record.id, verifier)
    assert.equal((await there.resolve(token)).status, 'active')
    const queries = async (): Promise<number> => {
      const { rows } = await pool.query<{ calls: string }>(
        "select coalesce(sum(idx_scan), 0)::text as calls from pg_stat_user_indexes where schemaname = $1 and indexrelname = 'sessions_pkey'",
        [schema],
      )
      return Number(rows[0]?.calls)
    }
    for (let n = 0; n < 100; n++) assert.equal((await there.resolve(token)).status, 'active')
    await pool.query('select pg_stat_force_next_flush()').catch(() => undefined)
    assert.ok((await queries()) < 20, 'a hundred checks of one session are not a hundred reads')
    await here.revoke(record.id)
    await until(async () => (await there.resolve(token)).status === 'rejected', 'it is rejected')
  },
)

function newVerifier(): { readonly verifier: string; readonly verifierHash: string } {
  const verifier = randomBytes(64)
    .toString('hex')
    .replaceAll(/[^0-9]/g, '')
    .padEnd(43, '0')
    .slice(0, 43)
  return { verifier, verifierHash: hashOf(verifier) }
}
