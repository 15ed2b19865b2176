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
  begin<T>(work: (sql: Unsafe) => Promise<T>): Promise<unknown>
  listen(
    channel: string,
    heard: (payload: string) => void,
    listening: () => void,
  ): PromiseLike<{ unlisten(): Promise<unknown> }>
}

/** A postgres.js instance as a {@link Driver}. */
export class PostgresJsDriver implements Driver {
  readonly #sql: PostgresJs
  readonly #prepare: boolean

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
    // One that still waits for a connection is taken back; one that was sent ends by itself (lock_timeout).
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

  async listen(channel: string, events: EarEvents): Promise<Ear> {
    let closed = false
    let times = 0
    const listening = await this.#sql.listen(
      channel,
      (payload) => {
        if (!closed) events.heard(payload)
      },
      () => {
        times += 1
        if (times > 1 && !closed) events.again()
      },
    )
    return {
      run: async ({ text }, values) =>
        await this.#sql.unsafe(text, [...values], { prepare: this.#prepare }).values(),
      close: () => {
        closed = true
        listening.unlisten().catch(() => undefined)
      },
    }
  }

  release(): void {}
}

function resultOf<T>(outcome: { readonly result: T } | null): T {
  if (outcome === null) throw new Error('the transaction ended without a result')
  return outcome.result
}
