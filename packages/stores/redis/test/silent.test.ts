// @waits
import type { TestContext } from 'node:test'
import { newRecord } from '@holdfast/conformance/records'
import { pause, until } from '@holdfast/test-servers/wait'
import { redisStore } from '../src/index.js'
import { codeOf, has, noticesOf, redisTest, withServer } from './lib/harness.js'
import { lineToServer, SHIPPED } from './lib/line.js'
import { newPrefix } from './lib/suite.js'

withServer()

/** On demand every connection falls silent for good, as when a firewall has forgotten it. */
async function forgetfulLine(t: TestContext): Promise<{
  port: number
  forget(): void
  /** Whether new connections are silent from the start. */
  mute(yes: boolean): void
}> {
  let muted = false
  const { port, ends } = await lineToServer(t, (client, server) => {
    if (muted) client.resume()
    else client.pipe(server).pipe(client)
  })
  return {
    port,
    forget: () => {
      for (const end of ends) end.unpipe().resume()
    },
    mute: (yes) => {
      muted = yes
    },
  }
}

for (const [name, open] of Object.entries(SHIPPED)) {
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
