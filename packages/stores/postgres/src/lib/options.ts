/** Options of `postgresStore`. The defaults suit a web server. */
export interface PostgresStoreOptions {
  /**
   * The schema that holds the tables: 1 to 40 of a-z, 0-9 and `_`, not beginning with a digit. One for each application or
   * tenant that shares a database. Default `holdfast`.
   */
  readonly schema?: string
  /**
   * Milliseconds after which a call has failed with `ERR_SESSION_STORE_TIMEOUT`, the wait for a connection of the pool
   * included. It is then unknown whether it took place. Default 400.
   */
  readonly timeout?: number
  /**
   * Whether changes are pushed by LISTEN/NOTIFY, over one more connection, so that the manager may keep what it has read.
   * Not possible through PgBouncer in transaction mode. Default `true`.
   */
  readonly push?: boolean
  /** Whether statements are prepared once for each connection. Turn off for a pooler that cannot. Default `true`. */
  readonly prepare?: boolean
  /**
   * Work on a server whose settings (`fsync`, `full_page_writes`) would let it forget a revocation in a crash. Such a store
   * says `capabilities.durable: false`, and `production: true` refuses it. Default `false`: each call then fails with
   * `ERR_SESSION_STORE_UNSUPPORTED`, in words.
   */
  readonly allowForgetful?: boolean
}

export type Settings = Required<PostgresStoreOptions>

const KNOWN = ['schema', 'timeout', 'push', 'prepare', 'allowForgetful']
const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/
const LONGEST = 600_000

/** The options with their defaults. Errors: `TypeError` that names a wrong one. */
export function readOptions(options: PostgresStoreOptions): Settings {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('postgresStore(client, options): options must be an object')
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name))
      throw new TypeError(
        `unknown option '${name}' of postgresStore; known are ${KNOWN.join(', ')}`,
      )
  }
  const { timeout = 400 } = options
  if (!Number.isSafeInteger(timeout) || timeout < 1 || timeout > LONGEST)
    throw new TypeError(`timeout must be a whole number of milliseconds from 1 to ${LONGEST}`)
  return {
    schema: checkSchema(options.schema),
    timeout,
    push: flag(options.push, true, 'push'),
    prepare: flag(options.prepare, true, 'prepare'),
    allowForgetful: flag(options.allowForgetful, false, 'allowForgetful'),
  }
}

/** The name of a schema, which becomes part of statements. Errors: `TypeError`. */
export function checkSchema(schema: unknown = 'holdfast'): string {
  if (typeof schema === 'string' && SCHEMA.test(schema) && !schema.startsWith('pg_')) return schema
  throw new TypeError(
    "schema must have 1 to 40 characters of a-z, 0-9 and '_', and begin with neither a digit nor 'pg_'",
  )
}

function flag(value: unknown, preset: boolean, name: string): boolean {
  if (value === undefined) return preset
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name} must be true or false`)
}

/** The channel of a schema's notices. */
export function channelOf(schema: string): string {
  return `${schema}_sessions`
}
