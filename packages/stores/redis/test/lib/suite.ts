import { after, before, test } from 'node:test'
import { type StoreCase, storeCases, type StoreSuiteOptions } from '@holdfast/conformance/store'
import type { SessionStore } from '@holdfast/core/store'
import { type RedisClient, redisStore, type RedisStoreOptions } from '../../src/index.js'
import { skipRedis } from '@holdfast/test-servers/redis'

/** How long the random cases are. */
export interface Lengths {
  readonly propertyRuns: number
  readonly schedules: number
  readonly rounds: number
}

export interface SuiteOptions {
  /** Starts servers and gives a client of them. */
  readonly start: () => Promise<RedisClient>
  readonly stop: () => Promise<void>
  readonly lengths: Lengths
  /** Of each store that the cases open. */
  readonly options?: RedisStoreOptions
  /** Which cases run. Default: all. */
  readonly takes?: (name: string) => boolean
  /** Which suite. Default: that of stores. */
  readonly suite?: (options: StoreSuiteOptions) => readonly StoreCase[]
}

/** Longer forms by environment: HOLDFAST_REDIS_RUNS times as many of each. */
const FACTOR = Number(process.env['HOLDFAST_REDIS_RUNS'] ?? 1)

let prefixes = 0

/** A prefix that no other case uses. */
export function newPrefix(): string {
  prefixes += 1
  return `t${process.pid.toString(36)}.${prefixes}:`
}

/** Runs the conformance suite on one server or Cluster, each case under a prefix of its own. */
export function runSuite({
  start,
  stop,
  lengths,
  options = {},
  takes = () => true,
  suite = storeCases,
}: SuiteOptions): void {
  let client: RedisClient | null = null
  const opened = new Map<SessionStore, string>()
  const open = (prefix: string): SessionStore => {
    if (client === null) throw new Error('the server was not started')
    // Many requests at once on few cores: a slow machine is no failure of the store.
    const own = { prefix, timeout: 60_000, onWarning: () => undefined }
    const store = redisStore(client, { ...options, ...own })
    opened.set(store, prefix)
    return store
  }
  before(async () => {
    if (skipRedis === false) client = await start()
  })
  after(async () => {
    if (skipRedis === false) await stop()
  })
  const cases = suite({
    open: () => open(newPrefix()),
    async reopen(store) {
      await store.close()
      return open(opened.get(store) ?? '')
    },
    propertyRuns: lengths.propertyRuns * FACTOR,
    schedules: lengths.schedules * FACTOR,
    rounds: lengths.rounds * FACTOR,
  })
  for (const each of cases) {
    if (takes(each.name)) test(each.name, { skip: skipRedis || (each.skip ?? false) }, each.run)
  }
}
