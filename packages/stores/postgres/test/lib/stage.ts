import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { TestContext } from 'node:test'
import type { StoreNotice } from '@holdfast/core/store'
import type { Pool, PoolConfig } from 'pg'
import {
  migrate,
  type PostgresStore,
  postgresStore,
  type PostgresStoreOptions,
} from '../../src/index.js'
import { FAST, PostgresServer, skipPostgres as skip } from '@holdfast/test-servers/postgres'

/** A server for the cases of one file, and a schema for each of them. */
export class Stage {
  #server: PostgresServer | null = null
  #schemas = 0

  constructor(settings: readonly string[] = FAST) {
    if (skip !== false) return
    before(async () => {
      this.#server = await PostgresServer.start({ settings })
    })
    after(() => this.#server?.remove())
  }

  get server(): PostgresServer {
    return this.#server ?? assert.fail('the server was not started')
  }

  /** A new schema with its tables. */
  async schema(): Promise<string> {
    this.#schemas += 1
    const schema = `case_${this.#schemas}`
    await migrate(this.server.pool({ max: 1 }), { schema })
    return schema
  }

  /** A process of the application: a pool and a store of its own, closed after the test. */
  async store(
    t: TestContext,
    options: PostgresStoreOptions & { readonly schema: string },
    config: PoolConfig = {},
  ): Promise<{ readonly store: PostgresStore; readonly pool: Pool }> {
    const pool = this.server.pool({ max: 5, ...config })
    const store = postgresStore(pool, { allowForgetful: true, ...options })
    t.after(() => store.close())
    return { store, pool }
  }
}

/** Everything that a store reports, as it comes. */
export function listenTo(store: PostgresStore): StoreNotice[] {
  const notices: StoreNotice[] = []
  store.watch?.((notice) => notices.push(notice))
  return notices
}

/** The code that a call fails with; its own words if it is not one of ours. */
export async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'nothing: it succeeded'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}
