import assert from 'node:assert/strict'
import test from 'node:test'
import { Client, Pool } from 'pg'
import postgres from 'postgres'
import { migrate, type PostgresClient, postgresJsOptions, postgresStore } from '../src/index.js'

const pool = new Pool({ host: '/nowhere', connectionTimeoutMillis: 1000 })

test('wrong options are TypeErrors that name them', () => {
  const wrong = [
    { schema: 'A' },
    { schema: 'a"; drop schema public; --' },
    { schema: 'pg_catalog' },
    { schema: 'x'.repeat(41) },
    { schema: '' },
    { timeout: 0 },
    { timeout: 1.5 },
    { timeout: Infinity },
  ]
  for (const options of wrong) {
    const name = Object.keys(options)[0] ?? ''
    assert.throws(() => postgresStore(pool, options), {
      name: 'TypeError',
      message: new RegExp(name),
    })
  }
  // @ts-expect-error -- a typing error
  assert.throws(() => postgresStore(pool, { timeOut: 1 }), /unknown option 'timeOut'/)
  // @ts-expect-error -- of the wrong type
  assert.throws(() => postgresStore(pool, { push: 'yes' }), /push must be/)
})

test('a migration of a schema with a wrong name is refused before it connects', async () => {
  await assert.rejects(migrate(pool, { schema: 'a b' }), { name: 'TypeError' })
})

test('pools of pg and instances of postgres.js are known; all else is a TypeError', async () => {
  const sql = postgres('postgres://nobody@127.0.0.1:1/x')
  for (const store of [postgresStore(pool), postgresStore(sql)]) {
    assert.equal(store.capabilities.name, 'postgres')
    await store.close()
  }
  await sql.end()
  // @ts-expect-error -- a client is no pool: two requests at once would share its transaction
  assert.throws(() => postgresStore(new Client()), /Pool of pg/)
  // @ts-expect-error -- a connection string
  assert.throws(() => postgresStore('postgres://x'), /Pool of pg/)
})

test('push: false: nothing is promised, and there is no watch', async () => {
  const store = postgresStore(pool, { push: false })
  assert.equal(store.capabilities.push, false)
  assert.equal(store.watch, undefined)
  await store.close()
})

/** Codes of the warnings that stores over these clients give. */
async function warningsOf(clients: readonly PostgresClient[]): Promise<readonly unknown[]> {
  // Those of the tests before come first.
  await turn()
  const codes: unknown[] = []
  const note = (warning: Error & { code?: string }): void => {
    codes.push(warning.code)
  }
  process.on('warning', note)
  for (const each of clients) await postgresStore(each).close()
  await turn()
  process.off('warning', note)
  return codes
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

test('a pool that waits for ever for a connection is warned of, once', async () => {
  const waits = new Pool({ host: '/nowhere' })
  const clients = [waits, waits, new Pool({ connectionTimeoutMillis: 1000 })]
  assert.deepEqual(await warningsOf(clients), ['HOLDFAST_POOL_WAITS'])
})

test('postgres.js as it is shipped is warned of, once', async () => {
  const [shipped, lasting] = [postgres(), postgres({ ...postgresJsOptions() })]
  assert.deepEqual(await warningsOf([shipped, shipped, lasting]), ['HOLDFAST_POOL_WAITS'])
  assert.throws(() => postgresJsOptions(0), TypeError)
})
