import {
  FindBatch,
  type Found,
  isSessionId,
  type Admission,
  type Ending,
  type InsertResult,
  type ListPage,
  type ListResult,
  type RecordChange,
  type RevokeTarget,
  type SessionRecord,
  type SessionStore,
  type StoreCapabilities,
  type StoreNotice,
  type SweepResult,
  type UpdateResult,
} from '@holdfast/core/store'
import { mustLast, toJsonChange } from './change.js'
import { Channel } from './channel.js'
import type { Driver, Row, Statement, Value } from './driver.js'

import { lastingDriver, type PostgresClient } from './drivers/detect.js'
import { Expiry } from './expiry.js'
import { closedError, countersGone, standbyError, storeFailure, warnOfDamage } from './failures.js'
import { channelOf, type PostgresStoreOptions, readOptions, type Settings } from './options.js'
import { readInserted, readUpdated } from './outcomes.js'
import { fromRow, toRow } from './rows.js'
import { readCheck, type ServerCheck } from './server-check.js'
import { type Statements, statementsFor } from './statements.js'
import { toText } from './text.js'

/** What the manager's own deadline leaves for the way back. */
const MARGIN = 50

/**
 * A durable store in your PostgreSQL, shared by every process that is connected to it. `client` is your own `pg` Pool or
 * postgres.js instance; it stays yours to end. One more connection is opened for LISTEN once the store is watched.
 *
 * The tables are made by `npx holdfast migrate postgres://…` or {@link migrate}. Errors: `TypeError` for a wrong client or
 * option; all else shows at the first call (see {@link PostgresStore.ready}).
 */
export function postgresStore(
  client: PostgresClient,
  options: PostgresStoreOptions = {},
): PostgresStore {
  const settings = readOptions(options)
  return new PostgresStore(lastingDriver(client, settings.prepare), settings)
}

/** What {@link postgresStore} gives. */
export class PostgresStore implements SessionStore {
  readonly capabilities: StoreCapabilities
  /** There where `push` is on. The listening connection is opened by the first call. */
  readonly watch?: (listener: (notice: StoreNotice) => void) => () => void
  readonly #driver: Driver
  readonly #settings: Settings
  readonly #statements: Statements
  readonly #wait: string
  readonly #channel: Channel
  readonly #finds = new FindBatch((ids) => this.#findAll(ids))
  readonly #running = new Set<Promise<unknown>>()
  #checked: ServerCheck | null = null
  #checking: Promise<ServerCheck> | null = null
  #closed = false

  constructor(driver: Driver, settings: Settings) {
    this.#driver = driver
    this.#settings = settings
    this.#statements = statementsFor(settings.schema)
    this.#wait = String(settings.timeout)
    this.capabilities = {
      name: 'postgres',
      durable: !settings.allowForgetful,
      shared: 'network',
      push: settings.push,
      timeout: settings.timeout + MARGIN,
    }
    this.#channel = new Channel({
      driver,
      name: channelOf(settings.schema),
      beat: this.#statements.beat,
      epoch: this.#statements.epoch,
      greet: () => this.#greet(),
    })
    if (settings.push) {
      this.watch = (listener) => {
        this.#checkOpen()
        return this.#channel.watch(listener)
      }
    }
  }

  /**
   * Looks at the server and says why it will not do: no tables, tables of another version, a standby, an encoding or an
   * isolation level that does not fit, settings that forget. Call it at start to know then; each call does it otherwise.
   * `forgetful` is what is wrong where `allowForgetful` lets it pass.
   */
  async ready(): Promise<{ readonly forgetful: string | null }> {
    return await this.#guard((expiry) => this.#check(expiry))
  }

  async insert(record: SessionRecord, { now, limit }: Admission): Promise<InsertResult> {
    const row = toRow(record)
    const [max, onLimit] = limit === null ? [null, null] : [String(limit.max), limit.onLimit]
    const values = [row, String(now), max, onLimit, this.#wait]
    const result = readInserted(await this.#one(this.#statements.insert, values))
    // Nobody has read a record that was not there: other processes need no notice.
    if (result.status === 'inserted') this.#channel.notify({ kind: 'changed', id: record.id })
    return result
  }

  async find(id: string): Promise<SessionRecord | null> {
    this.#checkOpen()
    return isSessionId(id) ? await this.#finds.find(id) : null
  }

  async update(id: string, change: RecordChange): Promise<UpdateResult> {
    this.#checkOpen()
    if (!isSessionId(id)) return { status: 'missing' }
    const values = [id, toJsonChange(change), String(mustLast(change)), this.#wait]
    return readUpdated(await this.#one(this.#statements.update, values), id)
  }

  async revoke(target: RevokeTarget, { at, reason }: Ending): Promise<number | null> {
    const how = [String(at), toText(reason), this.#wait]
    const { revokeSession, revokeSubject, revokeEveryone } = this.#statements
    switch (target.kind) {
      case 'session': {
        this.#checkOpen()
        if (!isSessionId(target.id)) return 0
        const [ended] = await this.#one(revokeSession, [target.id, ...how])
        return Number(ended)
      }
      case 'subject': {
        const except = target.except === undefined ? null : toText(target.except)
        const [ended, epoch] = await this.#one(revokeSubject, [
          toText(target.subject),
          except,
          ...how,
        ])
        this.#channel.learned(Number(epoch))
        return Number(ended)
      }
      case 'everyone': {
        const [epoch] = await this.#one(revokeEveryone, how)
        this.#channel.learned(Number(epoch))
        return null
      }
    }
  }

  async list(subject: string, page: ListPage): Promise<ListResult> {
    const { after = '', limit, now, includeEnded = false } = page
    const { list, listAll } = this.#statements
    // One more than asked for tells whether there is a next page.
    const common = [toText(subject), toText(after), String(limit + 1)]
    const rows = includeEnded
      ? await this.#call(listAll, common)
      : await this.#call(list, [...common, String(now)])
    if (rows.length === 0) throw countersGone(this.#settings.schema)
    const found = rows.filter(([id]) => id !== null)
    const shown = found.slice(0, limit)
    const records = shown.flatMap(([id, row]) => this.#readable(row, String(id)))
    return { records, next: found.length > limit ? String(shown.at(-1)?.[0]) : null }
  }

  async sweep(now: number, limit: number): Promise<SweepResult> {
    const values = [String(now), String(limit), this.#wait]
    const [deleted, looked] = await this.#one(this.#statements.sweep, values)
    return { deleted: Number(deleted), more: Number(looked) === limit }
  }

  /** No round trip while the channel is up: notices and answers keep the counter current. */
  epoch(): number | Promise<number> {
    this.#checkOpen()
    return this.#channel.epoch ?? this.#readEpoch()
  }

  /** Ends the listening connection and waits for calls that are under way. The client itself stays open. */
  async close(): Promise<void> {
    this.#closed = true
    this.#channel.close()
    await Promise.allSettled(this.#running)
    this.#driver.release()
  }

  async #findAll(ids: readonly string[]): Promise<readonly Found[]> {
    const rows = await this.#call(this.#statements.find, [`{${ids.join()}}`])
    const [first] = rows
    if (first === undefined) throw countersGone(this.#settings.schema)
    // It may not know yet what has been revoked.
    if (first[0] !== 'false') throw standbyError()
    const found = new Map(rows.map(([, id, row]) => [id, row]))
    return ids.map((id) => this.#read(found.get(id) ?? null, id))
  }

  #read(row: unknown, id: string): Found {
    try {
      return row === null ? null : fromRow(row, id)
    } catch (error) {
      return storeFailure(error, this.#settings.schema)
    }
  }

  /** None where it is damaged, which must not keep the others from being seen. */
  #readable(row: unknown, id: string): readonly SessionRecord[] {
    try {
      return [fromRow(row, id)]
    } catch (error) {
      const { code, message } = storeFailure(error, this.#settings.schema)
      if (code !== 'ERR_SESSION_STORE_CORRUPT') throw error
      warnOfDamage(message)
      return []
    }
  }

  async #readEpoch(): Promise<number> {
    const [epoch] = await this.#one(this.#statements.epoch, [])
    if (typeof epoch !== 'string') throw standbyError()
    return Number(epoch)
  }

  /** After each connection to listen on: the server behind it may be another one. */
  async #greet(): Promise<number> {
    this.#checked = null
    return await this.#readEpoch()
  }

  async #one(statement: Statement, values: readonly Value[]): Promise<Row> {
    const [row] = await this.#call(statement, values)
    if (row === undefined) throw countersGone(this.#settings.schema)
    return row
  }

  #call(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#guard(async (expiry) => {
      if (this.#checked === null) await this.#check(expiry)
      return await this.#driver.run(statement, values, expiry)
    })
  }

  async #check(expiry: Expiry): Promise<ServerCheck> {
    this.#checking ??= this.#driver
      .run(this.#statements.check, [], expiry)
      .then(([row]) => (this.#checked = readCheck(row, this.#settings)))
      .finally(() => {
        this.#checking = null
      })
    return await this.#checking
  }

  async #guard<T>(work: (expiry: Expiry) => Promise<T>): Promise<T> {
    this.#checkOpen()
    const expiry = new Expiry(this.#settings.timeout)
    const running = expiry.race(work(expiry))
    this.#running.add(running)
    try {
      return await running
    } catch (error) {
      throw storeFailure(error, this.#settings.schema)
    } finally {
      this.#running.delete(running)
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError()
  }
}
