import { after, before, test } from 'node:test'
import { type StoreCase, storeCases, type StoreSuiteOptions } from '@holdfast/conformance/store'
import type { SessionStore } from '@holdfast/core/store'
import type { Pool } from 'pg'
import { migrate, type PostgresClient, postgresStore } from '../../src/index.js'
import { FAST, PostgresServer, skipPostgres as skip } from '@holdfast/test-servers/postgres'

/** How much of the suite's random part is run; `HOLDFAST_POSTGRES_LONG=1` runs what the other stores run. */
const LONG = process.env['HOLDFAST_POSTGRES_LONG'] === '1'
const AMOUNT = LONG
  ? { propertyRuns: 1000, schedules: 10_000, rounds: 2000 }
  : { propertyRuns: 200, schedules: 400, rounds: 60 }

/** Schemas that nobody uses, empty. Making one takes longer than most cases. */
class Schemas {
  readonly #pool: Pool
  readonly #free: string[] = []
  #made = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async take(): Promise<string> {
    const free = this.#free.pop()
    if (free !== undefined) return free
    this.#made += 1
    const schema = `case_${this.#made}`
    await migrate(this.#pool, { schema })
    return schema
  }

  async giveBack(schema: string): Promise<void> {
    await this.#pool.query(`delete from ${schema}.sessions; delete from ${schema}.barriers;
      delete from ${schema}.epochs; insert into ${schema}.epochs default values`)
    this.#free.push(schema)
  }
}

interface Way {
  readonly connect?: (server: PostgresServer) => PostgresClient
  /** Only this share of the random part. Default 1. */
  readonly share?: number
  /** Which suite. Default: that of stores. */
  readonly suite?: (options: StoreSuiteOptions) => readonly StoreCase[]
}

/** Runs the conformance cases whose names `takes` accepts, on a server of their own. */
export function runCases(
  takes: (name: string) => boolean,
  { connect = (server) => server.pool({ max: 20 }), share = 1, suite = storeCases }: Way = {},
): void {
  const opened = new Map<SessionStore, string>()
  let server: PostgresServer
  let client: PostgresClient
  let schemas: Schemas
  if (skip === false) {
    before(async () => {
      server = await PostgresServer.start({ settings: FAST })
      client = connect(server)
      schemas = new Schemas(server.pool())
    })
    after(() => server.remove())
  }
  const open = (schema: string): SessionStore => {
    // Many requests at once on two cores: a slow machine is no failure of the store.
    const store = postgresStore(client, { schema, allowForgetful: true, timeout: 60_000 })
    opened.set(store, schema)
    return store
  }
  const cases = suite({
    open: async () => open(await schemas.take()),
    async reopen(store) {
      await store.close()
      return open(opened.get(store) ?? '')
    },
    async dispose(store) {
      await store.close()
      await schemas.giveBack(opened.get(store) ?? '')
    },
    propertyRuns: Math.ceil(AMOUNT.propertyRuns * share),
    schedules: Math.ceil(AMOUNT.schedules * share),
    rounds: Math.ceil(AMOUNT.rounds * share),
  })
  for (const { name, skip: reason, run } of cases)
    if (takes(name)) test(name, { skip: skip || (reason ?? false) }, run)
}
