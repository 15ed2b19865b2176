import assert from 'node:assert/strict'
import test from 'node:test'
import postgres from 'postgres'
import { type PostgresJs, postgresStore } from '../src/index.js'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { type PostgresServer, skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { until } from '@holdfast/test-servers/wait'
import { codeOf, listenTo, Stage } from './lib/stage.js'
import { runCases } from './lib/suite.js'

const now = Date.now()

const connect = (server: PostgresServer): PostgresJs => instance(server, 10)

function instance(server: PostgresServer, max: number): PostgresJs {
  const options = { host: server.folder, user: 'holdfast', database: 'postgres', max }
  return server.own(postgres({ ...options, onnotice: () => undefined }))
}

runCases((name) => !name.startsWith('races: ') || /exceed the limit|100 parallel/.test(name), {
  connect,
  share: 0.25,
})

const stage = new Stage()

test('postgres.js: notices, and health after its connection was cut', { skip }, async (t) => {
  const schema = await stage.schema()
  const [ours, theirs] = [1, 2].map(() =>
    postgresStore(connect(stage.server), { schema, allowForgetful: true }),
  )
  assert.ok(ours && theirs)
  t.after(() => Promise.all([ours.close(), theirs.close()]))
  const heard = listenTo(theirs)
  await until(() => heard.some(({ kind }) => kind === 'confirmed'), 'the channel is up')
  const record = newRecord()
  await ours.insert(record, { now, ...ANY })
  await ours.revoke({ kind: 'session', id: record.id }, { at: now, reason: 'logout' })
  await until(() => heard.some((each) => 'id' in each && each.id === record.id), 'a revocation')
  heard.length = 0
  await stage.server.pool({ max: 1 }).query(`select pg_terminate_backend(pid)
    from pg_stat_activity where query ilike 'listen%' and pid <> pg_backend_pid()`)
  await until(() => heard[0]?.kind === 'unhealthy', 'unhealthy')
  await until(() => heard.some(({ kind }) => kind === 'healthy'), 'healthy')
  heard.length = 0
  await ours.revoke({ kind: 'everyone' }, { at: now, reason: 'breach' })
  await until(() => heard.some(({ kind }) => kind === 'reset'), 'what happens after it')
})

test('postgres.js: busy connections and a server that is gone', { skip }, async (t) => {
  const schema = await stage.schema()
  const sql = instance(stage.server, 1)
  const store = postgresStore(sql, { schema, allowForgetful: true, timeout: 300 })
  t.after(() => store.close())
  await store.ready()
  const insert = (): unknown => store.insert(newRecord(), { now, ...ANY })
  const sleep = stage.server.pool({ max: 1 })
  const locker = await sleep.connect()
  await locker.query(`begin; lock table ${schema}.sessions`)
  const codes = await Promise.all([codeOf(insert), codeOf(insert), codeOf(insert)])
  assert.deepEqual(new Set(codes), new Set(['ERR_SESSION_STORE_TIMEOUT']))
  await locker.query('rollback')
  locker.release()
  await until(
    async () => (await codeOf(() => store.find(newRecord().id))).startsWith('nothing'),
    'on',
  )
  await stage.server.kill()
  const gone = await codeOf(insert)
  assert.match(gone, /ERR_SESSION_STORE_(?:UNAVAILABLE|TIMEOUT)/)
  await stage.server.start()
  await until(async () => (await codeOf(insert)).startsWith('nothing'), 'back')
})
