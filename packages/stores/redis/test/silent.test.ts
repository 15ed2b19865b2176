import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { type RedisClient, redisStore } from '../src/index.js'
import { codeOf, has, noticesOf, redisTest, theServer, withServer } from './lib/harness.js'
import { newRecord } from '@holdfast/conformance/records'
import { pause, until } from '@holdfast/test-servers/wait'
import { newPrefix } from './lib/suite.js'

withServer()

/** Stands between client and server; on demand every line falls silent for good, as when a firewall has forgotten it. */
async function forgetfulLine(t: TestContext): Promise<{
  port: number
  forget(): void
  /** Whether new lines are silent from the start. */
  mute(yes: boolean): void
}> {
  const lines = new Set<Socket>()
  let muted = false
  const proxy = createServer((client) => {
    const server = connect(theServer().server.port, '127.0.0.1')
    for (const line of [client, server]) {
      lines.add(line)
      line.on('error', () => undefined)
      line.on('close', () => [client, server].map((each) => each.destroy()))
    }
    if (muted) client.resume()
    else client.pipe(server).pipe(client)
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
    forget: () => {
      for (const line of lines) line.unpipe().resume()
    },
    mute: (yes) => {
      muted = yes
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
  redisTest(`connections that went silent for good are left (${name})`, async (t) => {
    const line = await forgetfulLine(t)
    const client = await open(line.port, t)
    const store = redisStore(client, { prefix: newPrefix(), onWarning: () => undefined })
    t.after(() => store.close())
    const record = newRecord()
    const now = record.createdAt
    await store.insert(record, { now, limit: null })
    line.forget()
    const read = (): unknown => store.find(record.id)
    const write = (): unknown => store.update(record.id, { now, set: new Map([['app:a', '1']]) })
    await until(async () => (await codeOf(read)) === 'ok', 'reads come back')
    await until(async () => (await codeOf(write)) === 'ok', 'writes come back')
  })

  redisTest(`a connection to listen on that nobody answers is given up (${name})`, async (t) => {
    const line = await forgetfulLine(t)
    const client = await open(line.port, t)
    const options = { prefix: newPrefix(), heartbeat: 100, onWarning: () => undefined }
    const store = redisStore(client, options)
    t.after(() => store.close())
    const notices = noticesOf(store)
    await until(has(notices, 'healthy'), 'healthy')
    notices.length = 0
    line.mute(true)
    line.forget()
    await until(has(notices, 'unhealthy'), 'unhealthy')
    // Long enough for another connection to be tried.
    await pause(300)
    line.mute(false)
    await until(has(notices, 'healthy'), 'healthy again')
  })
}
