import { skipPostgres } from '@holdfast/test-servers/postgres'
import { skipRedis } from '@holdfast/test-servers/redis'
import type { Expectations } from './check/model.js'
import { DRIVERS, type DriverName } from './drivers/names.js'
import * as failovers from './failovers.js'
import { ALL, clocks, COMMON, type Scenario } from './scenarios.js'
import { ClusterPlace } from './servers/cluster.js'
import { LmdbFolder } from './servers/lmdb.js'
import { RedisPair } from './servers/pair.js'
import { PostgresServer } from './servers/postgres.js'
import { DURABLE, FORGETFUL, RedisServer } from './servers/redis.js'
import type { Place, StoreServer } from './servers/server.js'
import { SentinelPair } from './servers/sentinel.js'
import { PostgresPair } from './servers/standby.js'
import { Tmpfs } from './servers/tmpfs.js'
import * as special from './special.js'
import type { Stage } from './stage.js'
import type { Proxy } from './proxy.js'

export type StoreName = 'redis' | 'postgres' | 'lmdb'
export const STORES: readonly StoreName[] = ['redis', 'postgres', 'lmdb']

const DRIVERS_OF: Readonly<Record<StoreName, readonly DriverName[]>> = { ...DRIVERS, lmdb: [] }

/** A scenario together with the server that it is for. */
export interface Case {
  readonly store: StoreName
  readonly name: string
  readonly expected: Expectations
  /** These settings promise nothing: the run must show that something is lost, or the checker is worth nothing. */
  readonly loses: boolean
  /** Why it cannot be run here; null if it can. */
  readonly skip: string | null
  /** How many faults the long form wants of it; 0 if it is no part of that. */
  readonly goal: number
  /** Clients with which it can be run. */
  readonly drivers: readonly DriverName[]
  /** Starts a server for it. */
  readonly open: () => Promise<Opened>
}

interface Opened {
  readonly server: Place
  readonly run: (stage: Stage, proxy: Proxy) => Promise<void>
}

interface Way<S extends Place> {
  readonly store: StoreName
  readonly open: () => Promise<S> | S
  readonly skip?: string | null
  readonly name?: string
  readonly loses?: boolean
  readonly goal?: number
  readonly expected?: Expectations
  readonly drivers?: readonly DriverName[]
}

/** A case of a scenario, on servers that `open` starts. */
function caseOf<S extends Place>(scenario: Scenario<S>, way: Way<S>): Case {
  const { store, open, skip = null, name = scenario.name, loses = false, goal = 0 } = way
  const { expected = scenario.expected, drivers = DRIVERS_OF[store] } = way
  return {
    store,
    name,
    expected,
    loses,
    skip,
    goal,
    drivers,
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
    goal: 0,
    drivers: DRIVERS_OF[store],
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
    ...COMMON.map((each) => caseOf(each, { ...own, goal: goalOf(each, 500) })),
    ...[special.scriptFlush, special.flushAll, special.memoryFull].map((each) => caseOf(each, own)),
    caseOf(failovers.failover, {
      ...own,
      open: pair(true),
      name: 'failover, with wait',
      goal: 50,
    }),
    onSmallDisk('redis', 32, (disk) => RedisServer.start({ settings: DURABLE, disk }), skip),
    caseOf(special.killAfterSnapshot, {
      ...own,
      open: () => RedisServer.start({ settings: FORGETFUL }),
      name: 'forgetful: kill -9, snapshots only',
      loses: true,
    }),
    caseOf(failovers.failover, {
      ...own,
      open: pair(false),
      name: 'forgetful: failover without wait',
      loses: true,
    }),
  ]
}

/** Several servers of which one takes over from another. */
function redisFailovers(): readonly Case[] {
  const own = { store: 'redis', skip: skipRedis || null, goal: 50 } as const
  const cluster = { ...own, open: () => ClusterPlace.start() }
  return [
    caseOf(failovers.sentinelFailover, {
      ...own,
      open: () => SentinelPair.start(),
      // The store takes no Sentinel client of node-redis.
      drivers: ['ioredis', 'iovalkey'],
    }),
    // One in five is back before anybody has taken over: fifty of the others.
    caseOf(failovers.clusterKill, { ...cluster, goal: 70 }),
    caseOf(failovers.clusterHandover, cluster),
    caseOf(failovers.slotsMove, cluster),
  ]
}

/** Only kill -9 has a long form of those that every server can be made to suffer. */
function goalOf({ name }: Scenario, kills: number): number {
  return name === 'kill -9 and restart' ? kills : 0
}

function postgresCases(): readonly Case[] {
  const skip = skipPostgres || null
  const own = { store: 'postgres', open: () => PostgresServer.start(), skip } as const
  const pair = (synchronous: boolean) => (): Promise<PostgresPair> =>
    PostgresPair.start(synchronous)
  const small = ['max_wal_size=64MB', 'min_wal_size=32MB', 'wal_recycle=off']
  return [
    ...COMMON.map((each) => caseOf(each, { ...own, goal: goalOf(each, 100) })),
    caseOf(failovers.failover, {
      ...own,
      open: pair(true),
      name: 'failover, with a synchronous standby',
      goal: 20,
      // What is not acknowledged is not seen either: the commit shows when the standby has it.
      expected: ALL,
    }),
    caseOf(failovers.failover, {
      ...own,
      open: pair(false),
      name: 'forgetful: failover without a synchronous standby',
      loses: true,
    }),
    onSmallDisk('postgres', 192, (disk) => PostgresServer.start(small, disk), skip),
  ]
}

function lmdbCases(): readonly Case[] {
  const own = { store: 'lmdb', open: () => new LmdbFolder() } as const
  return [
    caseOf(special.killWorkers, { ...own, goal: 100 }),
    ...[special.freezeWorkers, clocks].map((each) => caseOf(each, own)),
    onSmallDisk('lmdb', 16, (disk) => new LmdbFolder(disk), null),
  ]
}

/** Every case there is. */
export function allCases(): readonly Case[] {
  return [...redisCases(), ...redisFailovers(), ...postgresCases(), ...lmdbCases()]
}
