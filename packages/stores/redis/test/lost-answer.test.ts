import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { createClient } from 'redis'
import { Redis } from 'ioredis'
import { type RedisClient, redisStore } from '../src/index.js'
import { redisTest, theServer, withServer } from './lib/harness.js'
import { newRecord } from '@holdfast/conformance/records'
import { newPrefix } from './lib/suite.js'

withServer()

/** Stands between client and server; on demand it keeps the next answers of the server to itself and cuts the lines. */
async function lossyLine(t: TestContext): Promise<{ port: number; loseAnswers(): void }> {
  const lines = new Set<Socket>()
  let losing = false
  const proxy = createServer((client) => {
    const server = connect(theServer().server.port, '127.0.0.1')
    for (const line of [client, server]) {
      lines.add(line)
      line
        .on('error', () => undefined)
        .on('close', () => [client, server].map((each) => each.destroy()))
    }
    client.pipe(server)
    server.on('data', (answer: Buffer) => {
      // The server has done it; nobody hears of it.
      if (losing) for (const line of lines) line.destroy()
      else client.write(answer)
      losing = false
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => {
    for (const line of lines) line.destroy()
    proxy.close()
  })
  const address = proxy.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    port: address.port,
    loseAnswers: () => {
      losing = true
    },
  }
}

const CLIENTS: Readonly<Record<string, (port: number, t: TestContext) => Promise<RedisClient>>> = {
  'ioredis as it is shipped': (port, t) => {
    const client = new Redis(port, '127.0.0.1')
    client.on('error', () => undefined)
    t.after(() => client.disconnect())
    return Promise.resolve(client)
  },
  'node-redis as it is shipped': async (port, t) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` })
    client.on('error', () => undefined)
    await client.connect()
    t.after(() => client.destroy())
    return client
  },
}

for (const [name, open] of Object.entries(CLIENTS)) {
  redisTest(`a write whose answer is lost is made once, and fails (${name})`, async (t) => {
    const line = await lossyLine(t)
    const client = await open(line.port, t)
    const store = redisStore(client, {
      prefix: newPrefix(),
      timeout: 2000,
      onWarning: () => undefined,
    })
    t.after(() => store.close())
    const record = newRecord()
    const now = record.createdAt
    await store.insert(record, { now, limit: null })
    // The scripts are known by now: the next answer is that of the change itself.
    await store.update(record.id, { now, set: new Map([['app:a', '1']]) })
    line.loseAnswers()
    const change = { now, set: new Map([['app:n', '1']]) }
    await assert.rejects(async () => store.update(record.id, change), /ERR_SESSION_STORE|./)
    const after = await store.find(record.id)
    assert.equal(after?.data.get('app:n'), '1')
    assert.equal(after?.version, record.version + 2)
  })
}
