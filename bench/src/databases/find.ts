import { find } from '../harness/tools.js'
import type { DatabaseName } from './model.js'

const POSTGRES = [17, 16, 15, 14, 13].map((n) => `/usr/lib/postgresql/${n}/bin/postgres`)

/** The server's program: the environment names it, or it is on the path; null if it is not there. */
export function findProgram(name: DatabaseName): string | null {
  if (name !== 'postgres')
    return named('HOLDFAST_REDIS') ?? find('redis-server') ?? find('valkey-server')
  // Debian keeps it, and initdb beside it, out of the path.
  return named('HOLDFAST_POSTGRES') ?? POSTGRES.map(find).find(Boolean) ?? find('postgres')
}

function named(variable: string): string | null {
  return find(process.env[variable] ?? '')
}
