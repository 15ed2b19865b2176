import { join } from 'node:path'
import { SessionError } from '@holdfast/core'
import type { SessionStore } from '@holdfast/core/store'
import { lmdbStore } from '@holdfast/lmdb'
import { defined } from './defined.js'
import type { Settings } from './settings.js'

/** A store and what has to be closed after it. */
export interface OpenedStore {
  readonly store: SessionStore
  /** Ends the client's connections, once the store itself has been closed. */
  readonly disconnect: () => Promise<void>
}

/**
 * Opens the store that the settings name. Errors: `ERR_SESSION_STORE_*` for a folder that cannot be used, `ERR_SESSION_CONFIG` where
 * the client's package is missing. `patience`: milliseconds that a write to the embedded store may take. A server that does not answer is no error here: requests are refused until it does.
 */
export async function openStore(
  { state, store }: Settings,
  log: (text: string) => void,
  patience?: number,
): Promise<OpenedStore> {
  switch (store.kind) {
    case 'embedded':
      return {
        store: lmdbStore(join(state, 'sessions'), defined({ timeout: patience })),
        disconnect: () => Promise.resolve(),
      }
    case 'redis':
      return await openRedis(store.url, log)
    default:
      return await openPostgres(store.url)
  }
}

async function openRedis(url: string, log: (text: string) => void): Promise<OpenedStore> {
  const { Redis } = await driver(() => import('ioredis'), 'ioredis')
  const { redisStore } = await import('@holdfast/redis')
  // An answer that does not come must not hold up those behind it.
  const client = new Redis(url, {
    socketTimeout: 500,
    connectTimeout: 1000,
    maxRetriesPerRequest: 0,
  })
  // Without a listener an error would end the process; the store says what fails.
  client.on('error', () => undefined)
  return {
    store: redisStore(client, { production: true, onWarning: log }),
    disconnect: () => {
      client.disconnect()
      return Promise.resolve()
    },
  }
}

async function openPostgres(url: string): Promise<OpenedStore> {
  const { default: postgres } = await driver(() => import('postgres'), 'postgres')
  const { postgresJsOptions, postgresStore } = await import('@holdfast/postgres')
  const address = new URL(url)
  // As libpq has it, and postgres.js does not: the folder of the server's unix socket.
  const folder = address.searchParams.get('host')
  address.searchParams.delete('host')
  const sql = postgres(address.href, {
    ...postgresJsOptions(),
    max: 10,
    onnotice: () => undefined,
    ...(folder === null ? {} : { host: folder }),
  })
  return { store: postgresStore(sql), disconnect: () => sql.end({ timeout: 1 }) }
}

async function driver<T>(load: () => Promise<T>, name: string): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      `store.url needs the package ${name}, which is not installed. Install it beside the daemon: npm install ${name}`,
      { cause },
    )
  }
}
