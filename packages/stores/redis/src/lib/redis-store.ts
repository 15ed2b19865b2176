import {
  FindBatch,
  isLive,
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
import { Channel } from './channel.js'
import { type Deadline, within } from './deadline.js'
import type { Driver } from './driver.js'
import { closed } from './errors.js'
import { type IoredisClient, ioredisDriver, isIoredis } from './ioredis.js'
import { BUCKETS, Keys } from './keys.js'
import { LastingDriver } from './lasting.js'
import { isNodeRedis, type NodeRedisClient, nodeRedisDriver } from './node-redis.js'
import { readOptions, type RedisStoreOptions, type Rules } from './options.js'
import { TIDY } from './scripts/all.js'
import { Server } from './server.js'
import { Sessions } from './sessions.js'
import { SettingsGate } from './settings.js'
import { SignIns } from './sign-in.js'
import { isDamage } from './subject-index.js'

/** A client of ioredis, iovalkey (or its Cluster) or node-redis (or its cluster). */
export type RedisClient = IoredisClient | NodeRedisClient

/** Ids read at a time where there may be many. */
const PAGE = 250
const TIDIED_BUCKETS = 16
const TIDIED_FIELDS = 64

/**
 * A store in Redis 7: one server, Sentinel or Cluster, through the application's own client.
 *
 * The client stays the application's: `close()` ends only the connections that the store has opened itself. Commands that
 * the client queues while it has no connection fail after `timeout` all the same.
 *
 * Errors: `TypeError` for what is no such client or a wrong option, `ERR_SESSION_CONFIG` for a value that is not allowed or
 * a client that would read from replicas or rename keys.
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): SessionStore {
  const rules = readOptions(options)
  return new RedisStore(new LastingDriver(driverOf(client), rules.timeout), rules)
}

function driverOf(client: unknown): Driver {
  if (typeof client === 'object' && client !== null) {
    if (isIoredis(client)) return ioredisDriver(client)
    if (isNodeRedis(client)) return nodeRedisDriver(client)
  }
  throw new TypeError(
    'redisStore(client): client must be an ioredis, iovalkey or node-redis client or cluster',
  )
}

class RedisStore implements SessionStore {
  readonly capabilities: StoreCapabilities
  readonly #rules: Rules
  readonly #keys: Keys
  readonly #server: Server
  readonly #signIns: SignIns
  readonly #sessions: Sessions
  readonly #channel: Channel
  readonly #finds: FindBatch
  readonly #gate: SettingsGate
  #closed = false

  constructor(driver: Driver, rules: Rules) {
    this.capabilities = {
      name: 'redis',
      durable: rules.production,
      shared: 'network',
      push: true,
      expiry: 'engine',
      // The manager's own watch comes after the store's, which knows better what went wrong.
      timeout: rules.timeout + 50,
    }
    this.#rules = rules
    this.#keys = new Keys(rules.prefix)
    this.#server = new Server(driver, this.#keys, rules)
    this.#signIns = new SignIns(this.#server)
    this.#sessions = new Sessions(this.#server, this.#signIns)
    this.#channel = new Channel(driver, this.#server, rules.heartbeat)
    this.#gate = new SettingsGate(driver, rules)
    this.#finds = new FindBatch((ids) =>
      this.#within('find', () => this.#server.findAllToShow(ids)),
    )
  }

  insert(record: SessionRecord, admission: Admission): Promise<InsertResult> {
    return this.#within('insert', (deadline) => this.#sessions.insert(record, admission, deadline))
  }

  async find(id: string): Promise<SessionRecord | null> {
    if (this.#closed) throw closed()
    return isSessionId(id) ? this.#finds.find(id) : null
  }

  update(id: string, change: RecordChange): Promise<UpdateResult> {
    if (!isSessionId(id))
      return this.#within('update', () => Promise.resolve({ status: 'missing' as const }))
    return this.#within('update', (deadline) => this.#sessions.update(id, change, deadline))
  }

  async revoke(target: RevokeTarget, ending: Ending): Promise<number | null> {
    switch (target.kind) {
      case 'session':
        return this.#within('revoke', () => this.#sessions.revoke(target.id, ending))
      case 'subject':
        // However many sessions there are: each step has the time that a call has.
        return this.#signIns.endAll(target.subject, target.except, ending, (step) =>
          this.#within('revoke', step),
        )
      case 'everyone':
        await this.#within('revoke', () =>
          this.#server.advance({ what: 'everyone', at: ending.at, reason: ending.reason }),
        )
        return null
    }
  }

  async list(subject: string, page: ListPage): Promise<ListResult> {
    const ids = await this.#within('list', () => this.#signIns.idsOf(subject))
    const wanted = ids.filter((id) => id > (page.after ?? ''))
    const records: SessionRecord[] = []
    for (let at = 0; at < wanted.length; at += PAGE) {
      const batch = wanted.slice(at, at + PAGE)
      for (const record of await this.#within('list', () => this.#server.findAll(batch))) {
        if (record instanceof Error) this.#leaveOut(record)
        if (record === null || record instanceof Error || record.subject !== subject) continue
        if (page.includeEnded !== true && !isLive(record, page.now)) continue
        if (records.length === page.limit) return { records, next: records.at(-1)?.id ?? null }
        records.push(record)
      }
    }
    return { records, next: null }
  }

  /** Sessions go by themselves; this takes what is left of them out of some of the subjects' indexes. */
  sweep(_now: number, limit: number): Promise<SweepResult> {
    return this.#within('sweep', async () => {
      const count = Math.min(limit, TIDIED_BUCKETS)
      const fields = ['', String(TIDIED_FIELDS)]
      const buckets = Array.from({ length: count }, () => Math.floor(Math.random() * BUCKETS))
      await Promise.all(
        buckets.map((number) => this.#server.write(TIDY, [this.#keys.bucket(number)], fields)),
      )
      return { deleted: 0, more: false }
    })
  }

  epoch(): Promise<number> | number {
    if (this.#closed) throw closed()
    // Kept current by notices: it may lag behind by one, never lead.
    if (this.#channel.healthy) return this.#server.known
    // Its own answer, not what is known by the time that it arrives: a later count would lead.
    return this.#within('epoch', async () => (await this.#server.advance({ what: 'read' })).current)
  }

  watch(listener: (notice: StoreNotice) => void): () => void {
    if (this.#closed) throw closed()
    return this.#channel.watch(listener)
  }

  close(): Promise<void> {
    this.#closed = true
    this.#channel.close()
    this.#server.close()
    return Promise.resolve()
  }

  /** One that is damaged must not keep the others from being seen; one that cannot be read now must not be left out. */
  #leaveOut(failure: Error): void {
    if (!isDamage(failure)) throw failure
    this.#rules.onWarning(`redis: left out of a list of sessions: ${failure.message}`)
  }

  #isClosed(): boolean {
    return this.#closed
  }

  async #within<T>(operation: string, run: (deadline: Deadline) => Promise<T>): Promise<T> {
    if (this.#closed) throw closed()
    try {
      return await within(operation, this.#rules.timeout, async (deadline) => {
        if (!this.#gate.open) await this.#gate.pass()
        return run(deadline)
      })
    } catch (error) {
      // close() has taken its connection away.
      throw this.#isClosed() ? closed() : error
    }
  }
}
