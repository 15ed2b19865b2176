import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { newRecord } from '@holdfast/conformance/records'
import { redisStore } from '../src/index.js'
import { codeOf, redisTest, withServer } from './lib/harness.js'
import { lineToServer, SHIPPED } from './lib/line.js'
import { newPrefix } from './lib/suite.js'

withServer()

/** On demand it keeps the next answer of the server to itself, and cuts every connection. */
async function lossyLine(t: TestContext): Promise<{ port: number; loseAnswers(): void }> {
  let losing = false
  const { port } = await lineToServer(t, (client, server, ends) => {
    client.pipe(server)
    server.on('data', (answer: Buffer) => {
      // The server has done it; nobody hears of it.
      if (losing) for (const end of ends) end.destroy()
      else client.write(answer)
      losing = false
    })
  })
  return {
    port,
    loseAnswers: () => {
      losing = true
    },
  }
}

for (const [name, open] of Object.entries(SHIPPED)) {
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
    assert.match(await codeOf(() => store.update(record.id, change)), /^ERR_SESSION_STORE_/)
    const after = await store.find(record.id)
    assert.equal(after?.data.get('app:n'), '1')
    assert.equal(after?.version, record.version + 2)
  })
}
