import type { Driver } from '../driver.js'
import { PgDriver, type PgPool, warnOfWaits } from './pg.js'
import { PostgresJsDriver, type PostgresJs, warnOfDefaults } from './postgres-js.js'

/** The client of the application: a `pg` Pool or a postgres.js instance. */
export type PostgresClient = PgPool | PostgresJs

/** The driver for a client of either kind. Errors: `TypeError` for something else. */
export function driverFor(client: PostgresClient, prepare: boolean): Driver {
  if (isPostgresJs(client)) return new PostgresJsDriver(client, prepare)
  if (isPool(client)) return new PgDriver(client, prepare)
  throw new TypeError(
    'the client must be a Pool of pg (new pg.Pool(...), not a Client) or an instance of postgres.js (postgres(...))',
  )
}

/** The driver of a store, which outlives the troubles of its network, or warns that it will not. */
export function lastingDriver(client: PostgresClient, prepare: boolean): Driver {
  const driver = driverFor(client, prepare)
  if (isPostgresJs(client)) warnOfDefaults(client)
  else warnOfWaits(client)
  return driver
}

function isPostgresJs(client: unknown): client is PostgresJs {
  return (
    typeof client === 'function' &&
    has(client, 'unsafe') &&
    has(client, 'begin') &&
    has(client, 'listen')
  )
}

function isPool(client: unknown): client is PgPool {
  return (
    typeof client === 'object' &&
    client !== null &&
    has(client, 'connect') &&
    has(client, 'on') &&
    'options' in client &&
    'totalCount' in client
  )
}

function has(value: object, name: string): boolean {
  return typeof Reflect.get(value, name) === 'function'
}
