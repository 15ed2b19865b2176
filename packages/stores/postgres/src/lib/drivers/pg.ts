import type { Driver, Ear, EarEvents, Query, Row, Statement, Value } from '../driver.js'
import type { Expiry } from '../expiry.js'

interface QueryConfig {
  name?: string
  text: string
  values?: Value[]
  rowMode: 'array'
}

/** The part of a `pg` pool's client that is used. */
export interface PgPoolClient {
  query(config: QueryConfig): Promise<{ readonly rows: readonly Row[] }>
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  release(destroy?: Error | boolean): void
}

/** The part of a `pg` Pool that is used. */
export interface PgPool {
  connect(taken: (error: Error | undefined, client: PgPoolClient | undefined) => void): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  readonly options: { readonly connectionTimeoutMillis?: number | undefined }
}

/** A client that `pool.Client` makes: not in its types, but what the pool itself makes its clients with. */
interface PgClient {
  connect(): Promise<unknown>
  query(config: QueryConfig): Promise<{ readonly rows: readonly Row[] }>
  on(event: 'notification', listener: (message: { payload?: string }) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  end(): Promise<unknown>
  unref?(): void
  readonly connection?: { readonly stream?: { destroy(): unknown } }
}

const CONNECT_TIMEOUT = 2000

function ignore(): void {}

/** A `pg` Pool as a {@link Driver}. */
export class PgDriver implements Driver {
  readonly #pool: PgPool
  readonly #prepare: boolean

  constructor(pool: PgPool, prepare: boolean) {
    this.#pool = pool
    this.#prepare = prepare
    // Without a listener, a connection that breaks while it is idle would end the process.
    pool.on('error', ignore)
  }

  async run(
    statement: Statement,
    values: readonly Value[],
    expiry: Expiry,
  ): Promise<readonly Row[]> {
    const client = await this.#take()
    const release = once((broken: boolean) => {
      client.removeListener('error', ignore)
      client.release(broken)
    })
    try {
      expiry.check()
      expiry.whenLate(() => release(true))
      const { rows } = await client.query(this.#config(statement, values))
      release(false)
      return rows
    } catch (error) {
      release(!expiry.over && !hasSqlState(error))
      throw error
    }
  }

  async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await this.#take()
    const query: Query = async (text) => {
      const result = await client.query({ text, rowMode: 'array' })
      return result.rows
    }
    let broken = true
    try {
      await query('begin')
      const result = await work(query)
      await query('commit')
      broken = false
      return result
    } finally {
      // A connection in a failed transaction is closed, which rolls it back.
      client.removeListener('error', ignore)
      client.release(broken)
    }
  }

  async listen(channel: string, events: EarEvents): Promise<Ear> {
    const client = this.#newClient()
    const lost = once(() => events.lost())
    let closed = false
    const close = (): void => {
      if (closed) return
      closed = true
      client.end().catch(ignore)
      // A peer that is gone without a word would keep the connection open for minutes.
      setTimeout(() => client.connection?.stream?.destroy(), CONNECT_TIMEOUT).unref()
    }
    client.on('error', ignore)
    client.on('end', () => {
      if (!closed) lost()
    })
    client.on('notification', ({ payload }) => {
      if (!closed) events.heard(payload ?? '')
    })
    const timer = setTimeout(() => client.connection?.stream?.destroy(), CONNECT_TIMEOUT)
    try {
      await client.connect()
      client.unref?.()
      await client.query({ text: `listen "${channel}"`, rowMode: 'array' })
    } catch (error) {
      close()
      throw error
    } finally {
      clearTimeout(timer)
    }
    // One statement after the other: `pg` is about to drop the queue that it keeps itself.
    let last: Promise<unknown> = Promise.resolve()
    return {
      run: (statement, values) => {
        const next = last.then(() => client.query(this.#config(statement, values)))
        last = next.catch(ignore)
        return next.then(({ rows }) => rows)
      },
      close,
    }
  }

  release(): void {
    this.#pool.removeListener('error', ignore)
  }

  /**
   * A connection of the pool, with a listener for its errors from the first moment: the bytes that make it ready may end it,
   * too, before a promise could tell of it, and an error that nobody listens for would end the process.
   */
  #take(): Promise<PgPoolClient> {
    return new Promise((resolve, reject) => {
      this.#pool.connect((error, client) => {
        if (client === undefined) return reject(error ?? new Error('the pool gave no connection'))
        client.on('error', ignore)
        resolve(client)
      })
    })
  }

  #config({ name, text }: Statement, values: readonly Value[]): QueryConfig {
    const config: QueryConfig = { text, values: [...values], rowMode: 'array' }
    if (this.#prepare) config.name = name
    return config
  }

  #newClient(): PgClient {
    const pool: PgPool & { readonly Client?: unknown } = this.#pool
    if (!isClientClass(pool.Client))
      throw new TypeError('the pool cannot make a connection for LISTEN; pass push: false')
    return new pool.Client(pool.options)
  }
}

const warned = new WeakSet<object>()

/** A pool without this option never gets over connections that nobody answers: each holds a place in it for good. */
export function warnOfWaits(pool: PgPool): void {
  const { connectionTimeoutMillis } = pool.options
  if (connectionTimeoutMillis !== undefined && connectionTimeoutMillis > 0) return
  if (warned.has(pool)) return
  warned.add(pool)
  process.emitWarning(
    'the pg Pool has no connectionTimeoutMillis: when the network goes silent, connections that nobody answers fill it for good. Pass 1000 or so',
    { type: 'HoldfastWarning', code: 'HOLDFAST_POOL_WAITS' },
  )
}

function isClientClass(value: unknown): value is new (options: object) => PgClient {
  return typeof value === 'function'
}

/** Whether the server answered with an error, after which the connection is as good as before. */
function hasSqlState(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code) &&
    !/^(?:57P|08)/.test(error.code)
  )
}

function once<Args extends readonly unknown[]>(
  call: (...args: Args) => void,
): (...args: Args) => void {
  let called = false
  return (...args) => {
    if (called) return
    called = true
    call(...args)
  }
}
