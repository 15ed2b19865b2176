// @waits
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import test from 'node:test'
import { Pool } from 'pg'
import postgres from 'postgres'
import { type PostgresClient, postgresJsOptions, postgresStore } from '../src/index.js'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { until } from '@holdfast/test-servers/wait'
import { codeOf, listenTo, Stage } from './lib/stage.js'

const stage = new Stage()
const now = Date.now()

/** Stands between client and server; on demand every line falls silent for good, as when a firewall has forgotten it. */
async function forgetfulLine(): Promise<{ port: number; forget(): void; close(): void }> {
  const lines = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(join(stage.server.folder, '.s.PGSQL.5432'))
    for (const line of [client, server]) {
      lines.add(line)
      line.on('error', () => undefined)
      line.on('close', () => [client, server].map((each) => each.destroy()))
    }
    client.pipe(server).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    port: address.port,
    forget: () => {
      for (const line of lines) line.unpipe().resume()
    },
    close: () => {
      for (const line of lines) line.destroy()
      proxy.close()
    },
  }
}

interface Opened {
  readonly client: PostgresClient
  readonly end: () => Promise<unknown>
}

const CLIENTS: Readonly<Record<string, (port: number) => Opened>> = {
  pg(port) {
    const client = new Pool({ ...options(port), connectionTimeoutMillis: 1000 })
    return { client, end: () => client.end() }
  },
  'postgres.js'(port) {
    const client = postgres({ ...options(port), ...postgresJsOptions(500) })
    return { client, end: () => client.end({ timeout: 1 }) }
  },
}

function options(port: number): { host: string; port: number; user: string; database: string } {
  return { host: '127.0.0.1', port, user: 'holdfast', database: 'postgres' }
}

for (const [name, open] of Object.entries(CLIENTS)) {
  test(`connections that went silent for good are left (${name})`, { skip }, async (t) => {
    const schema = await stage.schema()
    const line = await forgetfulLine()
    const { client, end } = open(line.port)
    const store = postgresStore(client, { schema, allowForgetful: true })
    t.after(async () => {
      await store.close()
      await end()
      line.close()
    })
    const heard = listenTo(store)
    await until(() => heard.some(({ kind }) => kind === 'confirmed'), 'the channel is up')
    const record = newRecord()
    await store.insert(record, { now, ...ANY })
    heard.length = 0
    line.forget()
    const read = async (): Promise<boolean> =>
      (await codeOf(() => store.find(record.id))).startsWith('nothing')
    const write = async (): Promise<boolean> =>
      (await codeOf(() => store.update(record.id, { now }))).startsWith('nothing')
    await until(read, 'reads come back')
    await until(write, 'writes come back')
    await until(() => heard.some(({ kind }) => kind === 'healthy'), 'the channel comes back')
  })
}
