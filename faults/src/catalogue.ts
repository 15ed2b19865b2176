import { skipPostgres } from '@holdfast/test-servers/postgres'
import { skipRedis } from '@holdfast/test-servers/redis'
import { clocks, COMMON, type Scenario } from './scenarios.js'
import { LmdbFolder } from './servers/lmdb.js'
import { RedisPair } from './servers/pair.js'
import { PostgresServer } from './servers/postgres.js'
import { DURABLE, FORGETFUL, RedisServer } from './servers/redis.js'
import type { StoreServer } from './servers/server.js'
import { Tmpfs } from './servers/tmpfs.js'
import * as special from './special.js'
import type { Stage } from './stage.js'
import type { Proxy } from './proxy.js'

export type StoreName = 'redis' | 'postgres' | 'lmdb'
export const STORES: readonly StoreName[] = ['redis', 'postgres', 'lmdb']

/** A scenario together with the server that it is for. */
export interface Case {
  readonly store: StoreName
  readonly name: string
  readonly expected: Scenario['expected']
  /** These settings promise nothing: the run must show that something is lost, or the checker is worth nothing. */
  readonly loses: boolean
  /** Why it cannot be run here; null if it can. */
  readonly skip: string | null
  /** Starts a server for it. */
  readonly open: () => Promise<Opened>
}

interface Opened {
  readonly server: StoreServer
  readonly run: (stage: Stage, proxy: Proxy) => Promise<void>
}

interface Way<S extends StoreServer> {
  readonly store: StoreName
  readonly open: () => Promise<S> | S
  readonly skip?: string | null
  readonly name?: string
  readonly loses?: boolean
}

/** A case of a scenario, on servers that `open` starts. */
function caseOf<S extends StoreServer>(scenario: Scenario<S>, way: Way<S>): Case {
  const { store, open, skip = null, name = scenario.name, loses = false } = way
  return {
    store,
    name,
    expected: scenario.expected,
    loses,
    skip,
    async open() {
      const server = await open()
      return { server, run: (stage, proxy) => scenario.run({ stage, server, proxy }) }
    },
  }
}

/** Each case gets a disk of its own, made when it starts. */
function onSmallDisk(
  store: StoreName,
  megabytes: number,
  open: (disk: Tmpfs) => Promise<StoreServer> | StoreServer,
  skip: string | null,
): Case {
  return {
    store,
    name: 'disk full',
    expected: { durable: true, steady: true },
    loses: false,
    skip: skip ?? Tmpfs.missing(),
    async open() {
      const disk = new Tmpfs(megabytes)
      const server = await open(disk)
      const scenario = special.diskFull(disk)
      return { server, run: (stage, proxy) => scenario.run({ stage, server, proxy }) }
    },
  }
}

function redisCases(): readonly Case[] {
  const skip = skipRedis || null
  const durable = (): Promise<RedisServer> => RedisServer.start({ settings: DURABLE })
  const own = { store: 'redis', open: durable, skip } as const
  const pair = (wait: boolean) => (): Promise<RedisPair> => RedisPair.start(wait)
  return [
    ...COMMON.map((each) => caseOf(each, own)),
    ...[special.scriptFlush, special.flushAll, special.memoryFull].map((each) => caseOf(each, own)),
    caseOf(special.failover, { ...own, open: pair(true), name: 'failover, with wait' }),
    onSmallDisk('redis', 32, (disk) => RedisServer.start({ settings: DURABLE, disk }), skip),
    caseOf(special.killAfterSnapshot, {
      ...own,
      open: () => RedisServer.start({ settings: FORGETFUL }),
      name: 'forgetful: kill -9, snapshots only',
      loses: true,
    }),
    caseOf(special.failover, {
      ...own,
      open: pair(false),
      name: 'forgetful: failover without wait',
      loses: true,
    }),
  ]
}

function postgresCases(): readonly Case[] {
  const skip = skipPostgres || null
  const own = { store: 'postgres', open: () => PostgresServer.start(), skip } as const
  const small = ['max_wal_size=64MB', 'min_wal_size=32MB', 'wal_recycle=off']
  return [
    ...COMMON.map((each) => caseOf(each, own)),
    onSmallDisk('postgres', 192, (disk) => PostgresServer.start(small, disk), skip),
  ]
}

function lmdbCases(): readonly Case[] {
  const own = { store: 'lmdb', open: () => new LmdbFolder() } as const
  return [
    ...[special.killWorkers, special.freezeWorkers, clocks].map((each) => caseOf(each, own)),
    onSmallDisk('lmdb', 16, (disk) => new LmdbFolder(disk), null),
  ]
}

/** Every case there is. */
export function allCases(): readonly Case[] {
  return [...redisCases(), ...postgresCases(), ...lmdbCases()]
}
