import type { PostgresClient } from '@holdfast/postgres'
import { readArguments } from '../arguments.js'
import { type Command, EXIT, type Terminal, UsageError } from '../command.js'
import { placeOf, postgresUrl } from '../connection.js'
import { withProgress } from '../progress.js'

const HELP = `holdfast migrate [postgres://user@host/database] [options]

Makes the tables that the PostgreSQL store needs, or brings them up to date. Safe to run at every
deployment, and in several places at once: what is done already is left alone, and everything
happens in one transaction or not at all.

Without an address, HOLDFAST_STORE is read. A password is better there, or in PGPASSWORD, than on
the command line, where other users of the machine can see it.

Options:
  --schema <name>  The schema that holds the tables. Default: holdfast
  --status         Only say what would be done
  --help           This text

Exit codes: 0 done (with --status: up to date), 1 failed, 2 not understood,
3 with --status: migrations are missing`

const OPTIONS = { schema: { type: 'string' }, status: { type: 'boolean' } } as const

/** `holdfast migrate`. */
export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'make or update the tables of the PostgreSQL store',
  help: HELP,
  options: OPTIONS,
  async run(args, terminal) {
    const { address, schema, status } = read(args)
    const url = postgresUrl(address ?? terminal.env['HOLDFAST_STORE'])
    const sql = await connect(url, terminal)
    const place = `schema ${schema} of ${placeOf(url)}`
    try {
      return await (status
        ? report(sql, schema, place, terminal)
        : apply(sql, schema, place, terminal))
    } finally {
      await sql.end({ timeout: 1 })
    }
  },
}

function read(args: readonly string[]): {
  readonly address: string | undefined
  readonly schema: string
  readonly status: boolean
} {
  const parsed = readArguments(args, OPTIONS)
  const [address, ...more] = parsed.positionals
  if (more.length > 0) throw new UsageError('Only one database at a time.')
  const { schema = 'holdfast', status = false } = parsed.values
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema) || schema.startsWith('pg_'))
    throw new UsageError(
      "--schema takes 1 to 40 characters of a-z, 0-9 and '_', not a digit first.",
    )
  return { address, schema, status }
}

type Connection = PostgresClient & { end(options: { timeout: number }): Promise<void> }

async function connect(url: URL, { env }: Terminal): Promise<Connection> {
  const { default: postgres } = await import('postgres')
  const socket = url.searchParams.get('host')
  const password = env['PGPASSWORD']
  url.searchParams.delete('host')
  return postgres(url.href, {
    max: 1,
    connect_timeout: 10,
    onnotice: () => undefined,
    ...(socket === null ? {} : { host: socket }),
    ...(url.password === '' && password !== undefined ? { password } : {}),
  })
}

async function apply(
  sql: Connection,
  schema: string,
  place: string,
  terminal: Terminal,
): Promise<number> {
  const { out } = terminal
  const { migrate } = await import('@holdfast/postgres')
  const applied = await withProgress(terminal, `Migrating ${place}`, migrate(sql, { schema }))
  for (const name of applied) out(`applied ${name}`)
  out(
    applied.length === 0
      ? `Nothing to do: ${place} is up to date.`
      : `Done: ${place} is up to date.`,
  )
  return EXIT.done
}

async function report(
  sql: Connection,
  schema: string,
  place: string,
  { out, err }: Terminal,
): Promise<number> {
  const { schemaStatus } = await import('@holdfast/postgres')
  const { version, latest, pending } = await schemaStatus(sql, { schema })
  if (version > latest) {
    err(`${place} is of version ${version}; this holdfast knows up to ${latest}. Upgrade it.`)
    return EXIT.failed
  }
  for (const name of pending) out(`missing ${name}`)
  out(
    `${place}: version ${version} of ${latest}, ${pending.length === 0 ? 'up to date' : `${pending.length} to apply`}`,
  )
  return pending.length === 0 ? EXIT.done : EXIT.pending
}
