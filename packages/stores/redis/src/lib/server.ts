import type { Found, SessionRecord } from '@holdfast/core/store'
import { decodeRecord } from './codec.js'
import { ask, invoke, type Arg, type Command, type Driver, type Script } from './driver.js'
import { type Epochs, parseEpochs, withEpochs } from './epochs.js'
import {
  alone,
  closed,
  corrupt,
  replica,
  storeFailure,
  unavailable,
  unsupported,
} from './errors.js'
import type { Keys } from './keys.js'
import type { Rules } from './options.js'
import { EPOCHS } from './scripts/all.js'

/** What a script answered: a word, and what belongs to it. */
export interface Answer {
  readonly status: string
  readonly parts: readonly unknown[]
}

/** What came of asking for the counters. */
interface Advance {
  readonly what: 'read' | 'subject' | 'everyone'
  readonly at?: number
  readonly reason?: string
}

/** Milliseconds, as counts are instants: heartbeats move them on each hour. */
const FAR = 24 * 3_600_000

/** Keys of one slot. */
type KeysOfOne = readonly [string, ...string[]]

/** The server as the store speaks to it: scripts, records and counters, over any driver. */
export class Server {
  readonly keys: Keys
  readonly #driver: Driver
  readonly #rules: Rules
  /**
   * Writes have a connection of the store's own: the application's client may send again what a lost connection has left
   * without an answer, and a write that had arrived would be made twice. Nor need others wait behind WAIT.
   */
  #writer: Promise<Driver> | null = null
  #epochs: Epochs | null = null
  #known = 0
  #isDoubtful = false
  #closed = false

  constructor(driver: Driver, keys: Keys, rules: Rules) {
    this.#driver = driver
    this.keys = keys
    this.#rules = rules
  }

  /** The highest revocation count heard of. */
  get known(): number {
    return this.#known
  }

  /**
   * Whether the server was last found to be a replica, as one is after a failover that its clients have not noticed, or,
   * with `requireReplicas`, to be cut off from its own. It may show as live what has been revoked, so it is read from again
   * only once `advance` has found that it is no such server any more.
   */
  get isDoubtful(): boolean {
    return this.#isDoubtful
  }

  /**
   * Takes note of a count that a notice tells. One that is far ahead is another's who uses the channel, or the server's clock has
   * been put forward: the next heartbeat reads what is true. Believed, it would be written back, and end the counting.
   */
  heard(count: number): void {
    if (count - this.#known <= FAR) this.#note(count)
  }

  /** Runs a script that writes keys of one slot, and waits for its replicas where that is asked for. */
  async write(script: Script, keys: KeysOfOne, args: readonly Arg[]): Promise<Answer> {
    return this.#run(await this.#writing(), script, keys, args, this.#waiting())
  }

  /** Runs a script that only reads. */
  async read(script: Script, keys: KeysOfOne, args: readonly Arg[]): Promise<unknown> {
    if (this.#isDoubtful) await this.advance({ what: 'read' })
    const { reply } = await invoke(this.#driver, { script, keys, args })
    return reply
  }

  /** Removes members of a sorted set that nobody needs any more: no replica is waited for. */
  async forget(key: string, members: readonly Buffer[]): Promise<void> {
    await ask(await this.#writing(), key, ['ZREM', key, ...members])
  }

  /** Runs a script of one session, which must know the counters. */
  async session(
    script: Script,
    id: string,
    args: readonly Arg[],
    epochs?: Epochs,
  ): Promise<Answer> {
    const key = this.keys.session(id)
    const driver = await this.#writing()
    for (let attempt = 0; ; attempt++) {
      // On one server the script reads the counters itself; in a Cluster they are in another slot, so they are read first.
      const known = this.#driver.cluster ? (epochs ?? (await this.epochs())).text : ''
      const keys: KeysOfOne = this.#driver.cluster ? [key] : [key, this.keys.epochs]
      const all = [known, this.keys.epochs, ...args]
      const answer = await this.#run(driver, script, keys, all, this.#waiting())
      if (answer.status !== 'epochs' || attempt > 0) return answer
      await this.advance({ what: 'read' })
    }
  }

  /** The counters as they are. */
  async epochs(): Promise<Epochs> {
    const reply = await ask(this.#driver, this.keys.epochs, ['GET', this.keys.epochs])
    return this.#learn(reply) ?? this.advance({ what: 'read' })
  }

  /** Reads the counters by script, which makes them where they are missing, or counts a revocation. */
  async advance({ what, at = 0, reason = '' }: Advance): Promise<Epochs> {
    const args = [what, String(this.#known), String(at), reason, this.keys.channel]
    const driver = what === 'read' ? this.#driver : await this.#writing()
    const after = what === 'read' ? undefined : this.#waiting()
    const { parts } = await this.#run(driver, EPOCHS, [this.keys.epochs], args, after)
    this.#isDoubtful = false
    const epochs = this.#learn(parts[0])
    if (epochs === null) throw corrupt('the revocation counters of the redis store are missing')
    return epochs
  }

  /** The record with everything that ended it, or null. */
  async find(id: string): Promise<SessionRecord | null> {
    const [record] = await this.findAll([id])
    if (record instanceof Error) throw record
    return record ?? null
  }

  /**
   * The same for those who will show it. A visitor is handed the new token of a rotation by whoever reads it, without another
   * write: were the rotation lost in a failover, the token would be nobody's. So the replicas must have it first.
   */
  async findAllToShow(ids: readonly string[]): Promise<readonly Found[]> {
    const found = await this.findAll(ids)
    return Promise.all(found.map((record, n) => this.#confirmed(record, ids[n] ?? '')))
  }

  /** Records with everything that ended them, in the order of the ids; in the place of one that cannot be read stands why. */
  async findAll(ids: readonly string[]): Promise<readonly Found[]> {
    if (this.#isDoubtful) await this.advance({ what: 'read' })
    const keys = ids.map((id) => this.keys.session(id))
    const { values, epochs: reply } = await this.#fetch(keys)
    if (values.every((value) => value === null)) return values.map(() => null)
    const epochs = this.#learn(reply) ?? (await this.advance({ what: 'read' }))
    return values.map((value, n) => read(value, keys[n] ?? '', ids[n] ?? '', epochs))
  }

  async #fetch(
    keys: readonly string[],
  ): Promise<{ readonly values: readonly unknown[]; readonly epochs: unknown }> {
    if (this.#driver.cluster) {
      const get = (key: string): Promise<unknown> => ask(this.#driver, key, ['GET', key])
      const reads = keys.map((key) => get(key).catch((error) => storeFailure(error, 'find')))
      const [epochs, ...values] = await Promise.all([get(this.keys.epochs), ...reads])
      return { epochs, values }
    }
    const reply = await ask(this.#driver, this.keys.epochs, ['MGET', this.keys.epochs, ...keys])
    if (!Array.isArray(reply)) throw corrupt('the server answered MGET with something else')
    const [epochs, ...values]: unknown[] = reply
    return { epochs, values }
  }

  close(): void {
    this.#closed = true
    this.#driver.close()
    void this.#writer?.then(
      (driver) => driver.close(),
      () => undefined,
    )
  }

  /** Waits until the replicas have what has been read: WAIT goes by all that its connection has seen. */
  async #confirmed(record: Found, id: string): Promise<Found> {
    const after = this.#waiting()
    if (record === null || record instanceof Error || !isRotating(record) || after === undefined)
      return record
    try {
      const key = this.keys.session(id)
      const writer = await this.#writing()
      const [reply, followed] = await writer.send(key, [['EXISTS', key], after])
      if (reply instanceof Error) throw reply
      this.#checkAcknowledged(followed)
      return record
    } catch (error) {
      return storeFailure(error, 'find')
    }
  }

  async #run(
    driver: Driver,
    script: Script,
    keys: KeysOfOne,
    args: readonly Arg[],
    after: Command | undefined,
  ): Promise<Answer> {
    const { reply, followed } = await invoke(driver, { script, keys, args, after }).catch(
      (error: unknown) => this.#refused(error),
    )
    if (!Array.isArray(reply)) throw corrupt('a script answered with something else than a list')
    const [word, ...parts]: unknown[] = reply
    const status = toText(word)
    if (status === 'replica') return this.#refused(replica())
    if (status === 'alone' && this.#rules.requireReplicas) return this.#refused(alone())
    if (status === 'newer')
      throw unsupported('a session is stored in a newer format: upgrade Holdfast')
    if (status.startsWith('corrupt'))
      throw corrupt('a stored value of the redis store is damaged, or foreign')
    if (after !== undefined) this.#checkAcknowledged(followed)
    return { status, parts }
  }

  /** Takes note of a server that refuses writes as replicas do, or, where that is asked for, for want of replicas. */
  #refused(error: unknown): never {
    const refusal = error instanceof Error ? error.message : ''
    if (refusal.startsWith('READONLY')) this.#isDoubtful = true
    if (this.#rules.requireReplicas && refusal.startsWith('NOREPLICAS')) this.#isDoubtful = true
    throw error
  }

  #waiting(): Command | undefined {
    const { wait } = this.#rules
    if (wait === null) return undefined
    const rest = [String(wait.replicas), String(wait.timeout)]
    return wait.fsync ? ['WAITAOF', '1', ...rest] : ['WAIT', ...rest]
  }

  #checkAcknowledged(followed: unknown): void {
    const wanted = this.#rules.wait?.replicas ?? 0
    const counts: unknown[] = Array.isArray(followed) ? followed : [1, followed]
    const [local, replicas] = counts.map(Number)
    if (!(followed instanceof Error) && (local ?? 0) >= 1 && (replicas ?? -1) >= wanted) return
    throw unavailable(
      followed instanceof Error
        ? `the write was not acknowledged by replicas: the server refused to wait (${followed.message})`
        : `the write was not acknowledged by ${wanted} replica(s) in time; it may be lost in a failover`,
    )
  }

  /** Takes note of counters as they are stored; null where there are none. */
  #learn(reply: unknown): Epochs | null {
    if (reply === null || reply === undefined) return null
    const text = toText(reply)
    if (this.#epochs?.text !== text) {
      this.#epochs = parseEpochs(text, this.keys.epochs)
      this.#note(this.#epochs.current)
    }
    return this.#epochs
  }

  #note(count: number): void {
    if (count > this.#known) this.#known = count
  }

  #writing(): Promise<Driver> {
    // A call that is still under way would open a connection that nobody closes.
    if (this.#closed) return Promise.reject(closed())
    this.#writer ??= this.#driver.forWrites().catch((error: unknown) => {
      this.#writer = null
      throw error
    })
    return this.#writer
  }
}

function read(value: unknown, key: string, id: string, epochs: Epochs): Found {
  if (value instanceof Error) return value
  if (!Buffer.isBuffer(value)) return null
  try {
    const record = decodeRecord(value, key, id)
    return record === null ? null : withEpochs(record, epochs)
  } catch (error) {
    return storeFailure(error, 'find')
  }
}

/** Whether the token of a rotation has not been presented yet. */
function isRotating({ previous }: SessionRecord): boolean {
  return previous !== null && previous.sealed !== null && previous.supersededAt === null
}

/** A text of a reply. */
export function toText(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
}
