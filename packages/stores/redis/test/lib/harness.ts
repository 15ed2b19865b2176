import { after, before, test, type TestContext } from 'node:test'
import { Redis } from 'ioredis'
import type { SessionStore, StoreNotice } from '@holdfast/core/store'
import { type RedisClient, redisStore, type RedisStoreOptions } from '../../src/index.js'
import { RedisServer, skipRedis } from '@holdfast/test-servers/redis'
import { newPrefix } from './suite.js'

/** One server for all tests of a file, and a client of it for looking and for breaking things. */
export interface Single {
  readonly server: RedisServer
  readonly client: Redis
}

let single: Single | null = null

/** Starts a server before the tests of this file. */
export function withServer(...settings: readonly string[]): void {
  if (skipRedis !== false) return
  before(async () => {
    const server = await RedisServer.start({ settings })
    single = { server, client: newClient(server) }
  })
  after(async () => {
    single?.client.disconnect()
    await single?.server.remove()
  })
}

/** A client as an application makes it, which keeps trying. */
export function newClient(server: RedisServer): Redis {
  const client = new Redis(server.socket, { retryStrategy: () => 50 })
  client.on('error', () => undefined)
  return client
}

export function theServer(): Single {
  if (single === null) throw new Error('the server was not started')
  return single
}

/** A test that needs a server; it says why where there is none. */
export function redisTest(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { skip: skipRedis }, run)
}

export interface Opened {
  readonly store: SessionStore
  readonly prefix: string
}

/** A store with a prefix of its own, closed after the test. */
export function openStore(
  t: TestContext,
  options: RedisStoreOptions = {},
  client: RedisClient = theServer().client,
): Opened {
  const prefix = options.prefix ?? newPrefix()
  // Tests of what is late say when that is; to the others a busy machine is no server in trouble.
  const settings = { onWarning: () => undefined, timeout: 5000, ...options, prefix }
  const store = redisStore(client, settings)
  t.after(() => store.close())
  return { store, prefix }
}

/** What a store reports from now on. */
export function noticesOf(store: SessionStore): StoreNotice[] {
  const notices: StoreNotice[] = []
  store.watch?.((notice) => notices.push(notice))
  return notices
}

/** Whether a notice of this kind came. */
export function has(notices: readonly StoreNotice[], kind: StoreNotice['kind']): () => boolean {
  return () => notices.some((notice) => notice.kind === kind)
}

/** The code that a call fails with; `ok` if it does not. */
export async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'ok'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}
