import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { Pool } from 'pg'
import { newRecord } from '@holdfast/conformance/records'
import { postgresStore } from '../src/index.js'
import { codeOf, Stage } from './lib/stage.js'

const stage = new Stage()

/** ReadyForQuery, outside of a transaction: the end of a connection's beginning. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/** What a server says when it ends a connection of its own accord. */
function farewell(): Buffer {
  const fields = Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0')
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

/** Stands between client and server; while `breaking`, a connection is ended by the very bytes that make it ready. */
async function fragileLine(t: TestContext): Promise<{ port: number; breaking: boolean }> {
  const lines = new Set<Socket>()
  const state = { port: 0, breaking: true }
  const proxy = createServer((client) => {
    const server = connect(join(stage.server.folder, '.s.PGSQL.5432'))
    for (const line of [client, server]) {
      lines.add(line)
      line.on('error', () => undefined).on('close', () => client.destroy())
    }
    client.pipe(server)
    server.on('data', (answer: Buffer) => {
      const ready = answer.subarray(-READY.length).equals(READY)
      if (state.breaking && ready) client.end(Buffer.concat([answer, farewell()]))
      else client.write(answer)
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => {
    for (const line of lines) line.destroy()
    proxy.close()
  })
  const address = proxy.address()
  if (typeof address === 'object' && address !== null) state.port = address.port
  return state
}

test(
  'a connection that ends as it becomes ready fails the call, not the process',
  { skip },
  async (t) => {
    const schema = await stage.schema()
    const line = await fragileLine(t)
    const address = { host: '127.0.0.1', port: line.port, user: 'holdfast', database: 'postgres' }
    const pool = new Pool({ ...address, connectionTimeoutMillis: 5000 })
    const store = postgresStore(pool, { schema, push: false, allowForgetful: true, timeout: 5000 })
    t.after(async () => {
      await store.close()
      await pool.end()
    })
    const find = (): unknown => store.find(newRecord().id)
    for (let n = 0; n < 5; n++) assert.equal(await codeOf(find), 'ERR_SESSION_STORE_UNAVAILABLE')
    line.breaking = false
    assert.equal(await find(), null, 'the next connection is as good as any')
  },
)
