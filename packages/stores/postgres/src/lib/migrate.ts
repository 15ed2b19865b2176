import type { Query } from './driver.js'
import { driverFor, type PostgresClient } from './drivers/detect.js'
import { storeFailure } from './failures.js'
import { LATEST, type Migration, MIGRATIONS } from './migrations/list.js'
import { channelOf, checkSchema } from './options.js'
import { newerSchema } from './server-check.js'

export interface MigrateOptions {
  /** The schema to make or bring up to date. Default `holdfast`. */
  readonly schema?: string
}

/** How far a schema is. */
export interface SchemaStatus {
  /** Its version; 0 where there is nothing yet. */
  readonly version: number
  /** The version that this code works with. */
  readonly latest: number
  /** Names of the migrations that are missing, in order. */
  readonly pending: readonly string[]
}

/**
 * Makes the tables, or brings them up to date, and gives the names of the migrations that it applied: none if there was
 * nothing to do. Everything happens in one transaction, or not at all; of several at once, one does it.
 *
 * The role needs the right to create a schema in the database, or to own an empty one of that name. Errors:
 * `ERR_SESSION_STORE_UNSUPPORTED` for a schema of a newer version, else store errors.
 */
export async function migrate(
  client: PostgresClient,
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  const schema = checkSchema(options.schema)
  return await inTransaction(client, schema, async (query) => {
    await query(`select pg_advisory_xact_lock(hashtextextended('holdfast:migrate:${schema}', 0))`)
    const version = await versionOf(query, schema)
    if (version > LATEST) throw newerSchema(schema, version)
    const pending = MIGRATIONS.slice(version)
    for (const migration of pending) await apply(query, schema, migration)
    return pending.map(nameOf)
  })
}

/** How far the schema is. Changes nothing. */
export async function schemaStatus(
  client: PostgresClient,
  options: MigrateOptions = {},
): Promise<SchemaStatus> {
  const schema = checkSchema(options.schema)
  const version = await inTransaction(client, schema, (query) => versionOf(query, schema))
  return { version, latest: LATEST, pending: MIGRATIONS.slice(version).map(nameOf) }
}

async function inTransaction<T>(
  client: PostgresClient,
  schema: string,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const driver = driverFor(client, false)
  try {
    return await driver.transaction(work)
  } catch (error) {
    throw storeFailure(error, schema)
  } finally {
    driver.release()
  }
}

async function versionOf(query: Query, schema: string): Promise<number> {
  const [found] = await query(`select to_regclass('"${schema}".migrations')::text`)
  if (typeof found?.[0] !== 'string') return 0
  const [row] = await query(`select coalesce(max(version), 0)::text from "${schema}".migrations`)
  return Number(row?.[0])
}

async function apply(query: Query, schema: string, migration: Migration): Promise<void> {
  if (migration.version === 1) await createSchema(query, schema)
  const sql = migration.sql
    .replaceAll('{schema}', `"${schema}"`)
    .replaceAll('{name}', `'${schema}'`)
    .replaceAll('{channel}', `'${channelOf(schema)}'`)
  await query(sql)
  await query(
    `insert into "${schema}".migrations (version, name) values (${migration.version}, '${migration.name}')`,
  )
}

/** Not "if not exists" at once: that asks for the right to create schemas even where there is one. */
async function createSchema(query: Query, schema: string): Promise<void> {
  const [found] = await query(`select to_regnamespace('"${schema}"')::text`)
  if (typeof found?.[0] !== 'string') await query(`create schema "${schema}"`)
  await query(`create table "${schema}".migrations (
    version integer primary key,
    name text not null,
    applied_at timestamptz not null default now()
  )`)
}

function nameOf({ version, name }: Migration): string {
  return `${String(version).padStart(3, '0')}-${name}`
}
