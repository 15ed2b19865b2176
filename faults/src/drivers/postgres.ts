import { type PostgresClient, postgresJsOptions } from '@holdfast/postgres'
import { Pool } from 'pg'
import postgres from 'postgres'
import type { PostgresConfig } from '../stores.js'
import { RETRY, SILENCE } from './names.js'

/** A client as an application makes it that wants to be back soon. */
export function openPostgres({ port, driver = 'pg' }: PostgresConfig): PostgresClient {
  const connection = { host: '127.0.0.1', port, user: 'holdfast', database: 'postgres', max: 10 }
  if (driver === 'postgres.js')
    return postgres({
      ...connection,
      ...postgresJsOptions(SILENCE),
      backoff: () => RETRY / 1000,
      onnotice: () => undefined,
    })
  const pool = new Pool({ ...connection, connectionTimeoutMillis: 1000 })
  pool.on('error', () => undefined)
  return pool
}
