import type { Driver, Ear, EarEvents, Query, Row, Statement, Value } from '../driver.js'
import type { Expiry } from '../expiry.js'

interface PendingRows extends PromiseLike<readonly Row[]> {
  /** Set once it has been sent. */
  readonly state?: unknown
  cancel(): void
}

interface Unsafe {
  unsafe(text: string, values?: Value[], options?: { prepare?: boolean }): { values(): PendingRows }
}

/** The part of a postgres.js instance that is used. */
export interface PostgresJs extends Unsafe {
  readonly options?: { readonly fetch_types?: unknown; readonly socket?: unknown }
  begin<T>(work: (sql: Unsafe) => Promise<T>): Promise<unknown>
  listen(
    channel: string,
    heard: (payload: string) => void,
    listening: () => void,
  ): PromiseLike<{ unlisten(): Promise<unknown> }>
}

const CONNECT_TIMEOUT = 2000

/** A postgres.js instance as a {@link Driver}. */
export class PostgresJsDriver implements Driver {
  readonly #sql: PostgresJs
  readonly #prepare: boolean
  readonly #waiting: (() => void)[] = []
  #events: EarEvents | null = null
  #subscribed = false
  #listening = false
  #unlisten: (() => Promise<unknown>) | null = null

  constructor(sql: PostgresJs, prepare: boolean) {
    this.#sql = sql
    this.#prepare = prepare
  }

  async run(
    { text }: Statement,
    values: readonly Value[],
    expiry: Expiry,
  ): Promise<readonly Row[]> {
    expiry.check()
    const query = this.#sql.unsafe(text, [...values], { prepare: this.#prepare }).values()
    const done = Promise.resolve(query)
    // One that still waits for a connection is taken back. One that was sent is left: writes give up waiting for locks by
    // themselves, reads where the role has a lock_timeout.
    expiry.whenOver(() => {
      if (query.state === null || query.state === undefined) query.cancel()
    })
    return await done
  }

  async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    let outcome: { readonly result: T } | null = null
    await this.#sql.begin(async (sql) => {
      outcome = { result: await work(async (text) => await sql.unsafe(text).values()) }
    })
    return resultOf<T>(outcome)
  }

  /**
   * Subscribes once: postgres.js itself listens again on each new connection, for as long as it takes, and tells when it
   * does. It does not tell when a connection is lost; the store's own beat does.
   */
  async listen(channel: string, events: EarEvents): Promise<Ear> {
    this.#events = events
    if (!this.#subscribed) this.#subscribe(channel)
    if (!this.#listening) await this.#untilListening()
    return {
      run: async ({ text }, values) =>
        await this.#sql.unsafe(text, [...values], { prepare: this.#prepare }).values(),
      close: () => {
        if (this.#events === events) this.#events = null
      },
    }
  }

  release(): void {
    this.#events = null
    this.#unlisten?.().catch(() => undefined)
  }

  #subscribe(channel: string): void {
    this.#subscribed = true
    const heard = (payload: string): void => this.#events?.heard(payload)
    const listening = this.#sql.listen(channel, heard, () => this.#nowListening())
    this.#unlisten = async () => await (await listening).unlisten()
    // It goes on trying.
    Promise.resolve(listening).catch(() => undefined)
  }

  #nowListening(): void {
    const again = this.#listening
    this.#listening = true
    for (const wake of this.#waiting.splice(0)) wake()
    if (again) this.#events?.lost()
  }

  async #untilListening(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve)
        timer = setTimeout(() => reject(new Error('no connection to listen on')), CONNECT_TIMEOUT)
        timer.unref()
      })
    } finally {
      clearTimeout(timer)
    }
  }
}

const warned = new WeakSet<object>()

/** As it is shipped, postgres.js stays in connections that went silent, and one that breaks in its first moment ends the process. */
export function warnOfDefaults(sql: PostgresJs): void {
  const { fetch_types: asksForTypes, socket } = sql.options ?? {}
  if ((asksForTypes === false && socket !== undefined) || warned.has(sql)) return
  warned.add(sql)
  process.emitWarning(
    'the postgres.js instance stays in connections that went silent, and ends the process when one breaks in its first moment. Pass { ...postgresJsOptions() } of @holdfast/postgres',
    { type: 'HoldfastWarning', code: 'HOLDFAST_POOL_WAITS' },
  )
}

function resultOf<T>(outcome: { readonly result: T } | null): T {
  if (outcome === null) throw new Error('the transaction ended without a result')
  return outcome.result
}
