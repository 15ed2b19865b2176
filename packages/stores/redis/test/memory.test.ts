import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { redisStore } from '../src/index.js'
import { redisTest } from './lib/harness.js'
import { ANY, newRecord } from '@holdfast/conformance/records'
import { RedisServer } from '@holdfast/test-servers/redis'

const SESSIONS = Number(process.env['HOLDFAST_REDIS_SESSIONS'] ?? 50_000)
const BATCH = 1000
/** DESIGN §9: bytes a session, its place in its subject's index included. */
const GOAL = 320

/** A browser's own, of 120 characters. */
const USER_AGENT =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 xy'

redisTest('a session takes no more memory than promised, indexes included', async (t) => {
  const server = await RedisServer.start({ settings: ['--maxclients', '100'] })
  const client = new Redis(server.socket)
  t.after(async () => {
    client.disconnect()
    await server.remove()
  })
  const store = redisStore(client, { timeout: 20_000, onWarning: () => undefined })
  t.after(() => store.close())
  const used = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1])
  const epoch = await store.epoch()
  const before = await used()
  for (let n = 0; n < SESSIONS; n += BATCH) {
    const now = Date.now()
    const batch = Array.from({ length: BATCH }, async (_, each) =>
      store.insert(
        newRecord({
          epoch,
          subject: `user-${n + each}`,
          client: { label: null, address: '203.0.113.0/24', userAgent: USER_AGENT },
        }),
        { now, ...ANY },
      ),
    )
    await Promise.all(batch)
  }
  const bytes = ((await used()) - before) / SESSIONS
  t.diagnostic(`${bytes.toFixed(1)} bytes a session, ${SESSIONS} sessions, each of its own subject`)
  assert.ok(bytes <= GOAL, `${bytes} bytes a session`)
})
