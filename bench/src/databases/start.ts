import type { Scale } from '../model.js'
import { startCluster } from './cluster.js'
import { findProgram } from './find.js'
import type { Database, DatabaseName, DatabaseOptions } from './model.js'
import { startPostgres } from './postgres.js'
import { startRedis } from './redis.js'

const START = { redis: startRedis, cluster: startCluster, postgres: startPostgres }

/** Starts a database that nobody else uses. */
export function startDatabase(
  name: DatabaseName,
  options: Omit<DatabaseOptions, 'program'>,
): Promise<Database> {
  const program = findProgram(name)
  if (program === null) throw new Error(`${name}: there is no server`)
  return START[name]({ ...options, program })
}

/** The rows whose database can be started here; the others are left out, and it is said why. */
export function withDatabases<
  Row extends { readonly name: string; readonly database?: DatabaseName },
>(rows: readonly Row[], { databases }: Scale, log: (line: string) => void): readonly Row[] {
  return rows.filter(({ name, database }) => {
    if (database === undefined) return true
    if (!databases.includes(database)) return false
    if (findProgram(database) !== null) return true
    log(`left out: ${name}: there is no ${database === 'postgres' ? 'postgres' : 'redis-server'}`)
    return false
  })
}
