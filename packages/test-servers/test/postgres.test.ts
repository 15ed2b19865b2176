import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { Client } from 'pg'
import { FAST, PostgresServer, skipPostgres as skip } from '../src/postgres.js'
import { pause } from '../src/wait.js'

// On the program that HOLDFAST_POSTGRES names.

test('a server that was killed, and again, comes back with what it wrote', { skip }, async (t) => {
  const server = await PostgresServer.start()
  t.after(() => server.remove())
  await server.query('create table kept (n int)')
  for (let n = 1; n <= 3; n++) {
    await server.query(`insert into kept values (${n})`)
    await server.kill()
    assert.equal(await server.answers(), false)
    await server.start()
    const pool = server.pool({ max: 1 })
    assert.equal((await pool.query('select n from kept')).rowCount, n)
    await pool.end()
  }
})

test('a server that is frozen answers nobody until it is let go on', { skip }, async (t) => {
  const server = await PostgresServer.start({ settings: FAST })
  t.after(() => server.remove())
  const pool = server.pool({ max: 1 })
  await pool.query('select 1')
  await server.freeze()
  const answer = pool.query('select 1 as one').then(({ rows }) => rows.length)
  assert.equal(await Promise.race([answer, pause(100)]), undefined)
  server.thaw()
  assert.equal(await answer, 1)
})

test('a server that is removed leaves nothing, frozen or not', { skip }, async () => {
  for (const frozen of [false, true]) {
    const server = await PostgresServer.start({ settings: FAST })
    await server.pool().query('select 1')
    if (frozen) await server.freeze()
    await server.remove()
    assert.equal(server.isRunning, false)
    assert.equal(existsSync(server.folder), false)
  }
})

test('a standby has what its server had, and is read-only', { skip }, async (t) => {
  const server = await PostgresServer.start({ settings: FAST })
  t.after(() => server.remove())
  await server.query('create table kept (n int)')
  await server.stop()
  const standby = await PostgresServer.start({ settings: FAST, origin: server })
  t.after(() => standby.remove())
  await standby.query('select * from kept')
  await assert.rejects(standby.query('insert into kept values (1)'), /read-only/)
})

test('by a port and with a password: who does not know it is refused', { skip }, async (t) => {
  const server = await PostgresServer.start({ settings: FAST, tcp: true, password: 's3cret' })
  t.after(() => server.remove())
  const connect = async (connectionString: string): Promise<void> => {
    const client = new Client({ connectionString })
    client.on('error', () => undefined)
    await client.connect()
    await client.end()
  }
  await connect(server.url)
  await assert.rejects(connect(server.url.replace('s3cret', 'wrong')), /password/)
})
