// @waits
import assert from 'node:assert/strict'
import test from 'node:test'
import { newId } from '@holdfast/conformance/records'
import { skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { until } from '@holdfast/test-servers/wait'
import { codeOf, listenTo, Stage } from './lib/stage.js'

const stage = new Stage()
const now = Date.now()
const TIMEOUT = 'ERR_SESSION_STORE_TIMEOUT'

/** Backends whose last statement was a beat, those that nobody is connected to any more among them. */
async function beating(): Promise<readonly unknown[]> {
  const rows = await stage.server.query(`select pid::text from pg_stat_activity
    where query like '%pg_notify($1%' and pid <> pg_backend_pid()`)
  return rows.map((row) => Object(row).pid)
}

async function setStandby(name: string): Promise<void> {
  await stage.server.query(`alter system set synchronous_standby_names = '${name}'`)
  await stage.server.query('select pg_reload_conf()')
}

test(
  'while commits wait for a standby that is away, a connection to listen on that is left is gone',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const { store: watching } = await stage.store(t, { schema })
    const { store } = await stage.store(t, { schema, push: false })
    const heard = listenTo(watching)
    await until(() => heard.some(({ kind }) => kind === 'confirmed'), 'the channel is up')
    const [first] = await beating()
    assert.ok(first)
    await setStandby('nobody')
    t.after(() => setStandby(''))
    // Its commit holds the one lock that every commit that notifies must have.
    const ending = { at: now, reason: 'logout' }
    const revoke = (): unknown => store.revoke({ kind: 'subject', subject: 'user' }, ending)
    const waits = async (): Promise<boolean> => (await codeOf(revoke)) === TIMEOUT
    await until(waits, 'the server has heard of its new setting')
    await until(() => heard.some(({ kind }) => kind === 'unhealthy'), 'the channel is down')
    await until(async () => !(await beating()).includes(first), 'it is gone', 8000)
    heard.length = 0
    await setStandby('')
    await until(() => heard.some(({ kind }) => kind === 'healthy'), 'the channel is up again')
  },
)

test(
  'a read that waits for a lock leaves nobody behind where the role has a lock_timeout',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    // As the README has it.
    await stage.server.query("alter role holdfast set lock_timeout = '400ms'")
    t.after(() => stage.server.query('alter role holdfast reset lock_timeout'))
    const { store } = await stage.store(t, { schema, push: false })
    assert.equal(await store.find(newId()), null)
    const other = await stage.server.pool({ max: 1 }).connect()
    t.after(() => other.release(true))
    await other.query(`begin; lock table ${schema}.sessions in access exclusive mode`)
    const calls = [() => store.find(newId()), () => store.list('user', { now, limit: 5 })]
    for (const call of calls) assert.equal(await codeOf(call), TIMEOUT)
    const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock'"
    await until(async () => (await stage.server.query(waiting)).length === 0, 'none waits', 8000)
  },
)
