import { skipPostgres } from '@holdfast/test-servers/postgres'
import { skipRedis } from '@holdfast/test-servers/redis'
import type { StoreName } from '../catalogue.js'
import { Proxy } from '../proxy.js'
import { LmdbFolder } from '../servers/lmdb.js'
import { PostgresServer } from '../servers/postgres.js'
import { DURABLE, RedisServer } from '../servers/redis.js'
import type { StoreServer } from '../servers/server.js'
import { Tmpfs } from '../servers/tmpfs.js'
import { lineTroubles, serverTroubles } from './troubles/line.js'
import { lmdbDiskTroubles, lmdbTroubles } from './troubles/lmdb.js'
import { postgresDiskTroubles, postgresTroubles } from './troubles/postgres.js'
import { redisDiskTroubles, redisTroubles } from './troubles/redis.js'
import type { Trouble } from './trouble.js'

/** A store and what it can suffer. */
export interface Place {
  readonly server: StoreServer
  /** Where the application reaches it. */
  readonly port: number
  readonly troubles: readonly Trouble[]
  readonly close: () => Promise<void>
}

/** Where a store can be put: some troubles need a place of their own. */
export interface PlaceChoice {
  readonly name: string
  /** Why it cannot be had here; null if it can. */
  readonly skip: string | null
  readonly open: () => Promise<Place>
}

async function behindProxy<S extends StoreServer>(
  server: S,
  troubles: (scene: { server: S; proxy: Proxy }) => readonly Trouble[],
): Promise<Place> {
  const proxy = await Proxy.to(server.port)
  return {
    server,
    port: proxy.port,
    troubles: troubles({ server, proxy }),
    async close() {
      await proxy.close()
      await server.remove()
    },
  }
}

function redisPlaces(): readonly PlaceChoice[] {
  const skip = skipRedis || null
  return [
    {
      name: 'a server behind a proxy',
      skip,
      open: async () =>
        behindProxy(await RedisServer.start({ settings: DURABLE }), (scene) => [
          ...serverTroubles(scene),
          ...lineTroubles(scene),
          ...redisTroubles(scene),
        ]),
    },
    {
      name: 'a server on a small disk',
      skip: skip ?? Tmpfs.missing(),
      async open() {
        const disk = new Tmpfs(32)
        const server = await RedisServer.start({ settings: DURABLE, disk })
        return behindProxy(server, (scene) => redisDiskTroubles(scene, disk))
      },
    },
  ]
}

function postgresPlaces(): readonly PlaceChoice[] {
  const skip = skipPostgres || null
  // Few enough to be used up.
  const few = ['max_connections=40']
  const small = ['max_wal_size=64MB', 'min_wal_size=32MB', 'wal_recycle=off']
  return [
    {
      name: 'a server behind a proxy',
      skip,
      open: async () =>
        behindProxy(await PostgresServer.start(few), (scene) => [
          ...serverTroubles(scene),
          ...lineTroubles(scene),
          ...postgresTroubles(scene),
        ]),
    },
    {
      name: 'a server on a small disk',
      skip: skip ?? Tmpfs.missing(),
      async open() {
        const disk = new Tmpfs(192)
        const server = await PostgresServer.start(small, disk)
        return behindProxy(server, (scene) => postgresDiskTroubles(scene, disk))
      },
    },
  ]
}

function lmdbPlaces(): readonly PlaceChoice[] {
  const folder = (
    server: LmdbFolder,
    troubles: (path: string) => readonly Trouble[],
  ): Promise<Place> => {
    const config = server.config()
    const found = config.kind === 'lmdb' ? troubles(config.path) : []
    const close = (): Promise<void> => server.remove()
    return Promise.resolve({ server, port: 0, troubles: found, close })
  }
  return [
    { name: 'a folder', skip: null, open: () => folder(new LmdbFolder(), lmdbTroubles) },
    {
      name: 'a folder on a small disk',
      skip: Tmpfs.missing(),
      open() {
        const disk = new Tmpfs(16)
        return folder(new LmdbFolder(disk), () => lmdbDiskTroubles(disk))
      },
    },
  ]
}

export function placesOf(store: StoreName): readonly PlaceChoice[] {
  switch (store) {
    case 'redis':
      return redisPlaces()
    case 'postgres':
      return postgresPlaces()
    case 'lmdb':
      return lmdbPlaces()
  }
}
