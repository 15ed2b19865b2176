import { SessionError } from '@holdfast/core'
import {
  type Arg,
  type Command,
  type Driver,
  isRedirection,
  type Node,
  type Subscriber,
  subscribeAll,
  type SubscriberEvents,
} from './driver.js'

/** What the store uses of an ioredis or iovalkey client. */
export interface IoredisClient {
  callBuffer(command: string, ...args: Arg[]): Promise<unknown>
  pipeline(): unknown
  duplicate(): unknown
  disconnect(): void
}

interface Pipeline {
  callBuffer(command: string, ...args: Arg[]): unknown
  exec(): Promise<readonly (readonly [Error | null, unknown])[] | null>
}

interface Connection extends IoredisClient {
  once(event: 'ready', listener: () => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  readonly options?: Readonly<Record<string, unknown>>
  readonly status?: string
  duplicate(override?: object): unknown
  connect(): Promise<void>
  subscribe(...channels: string[]): Promise<unknown>
}

interface Cluster extends IoredisClient {
  once(event: 'ready', listener: () => void): unknown
  readonly status?: string
  on(event: 'error', listener: () => void): unknown
  readonly options?: Readonly<Record<string, unknown>>
  /** Addresses of each slot's servers, the one that takes writes first. */
  readonly slots: readonly (readonly string[] | undefined)[]
  nodes(role: string): unknown[]
  /** Asks the servers again who has which slots. */
  refreshSlotsCache(done: () => void): void
  duplicate(nodes?: undefined, override?: object): unknown
  connect(): Promise<void>
}

const SLOTS = 16_384
/** Milliseconds that a connection to listen on may take. */
const PATIENCE = 2000

/** Own connections are for one use: what is lost is opened anew by the store, which then knows that it was lost. */
const SINGLE_USE = {
  lazyConnect: true,
  retryStrategy: () => null,
  reconnectOnError: null,
  autoResubscribe: false,
  enableReadyCheck: true,
  enableOfflineQueue: true,
  connectTimeout: PATIENCE,
  sentinelRetryStrategy: () => null,
}

/** A command that was sent and not answered has failed, and is not sent again. */
const SENT_ONCE = { autoResendUnfulfilledCommands: false }

export function isIoredis(client: object): client is IoredisClient {
  return 'callBuffer' in client && typeof client.callBuffer === 'function' && 'duplicate' in client
}

function isConnection(value: unknown): value is Connection {
  return (
    typeof value === 'object' &&
    value !== null &&
    isIoredis(value) &&
    'subscribe' in value &&
    !isCluster(value)
  )
}

function isCluster(value: unknown): value is Cluster {
  return (
    typeof value === 'object' &&
    value !== null &&
    isIoredis(value) &&
    'nodes' in value &&
    typeof value.nodes === 'function'
  )
}

/** The driver over the application's client. Throws `ERR_SESSION_CONFIG` for options that would make reads stale or lost. */
export function ioredisDriver(client: IoredisClient): Driver {
  if (isCluster(client)) {
    refuse(client.options?.['scaleReads'] ?? 'master', 'master', 'scaleReads')
    refuse(optionsOf(client.options?.['redisOptions'])['keyPrefix'] ?? '', '', 'keyPrefix')
    refuse(client.options?.['keyPrefix'] ?? '', '', 'keyPrefix')
    return new ClusterDriver(client)
  }
  if (!isConnection(client)) throw new TypeError('client must be an ioredis client or Cluster')
  // With Sentinels: which of the servers they are asked for.
  refuse(client.options?.['role'] ?? 'master', 'master', 'role')
  refuse(client.options?.['keyPrefix'] ?? '', '', 'keyPrefix')
  return new SingleDriver(client)
}

function optionsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function refuse(value: unknown, wanted: string, name: string): void {
  if (value === wanted) return
  const why =
    name === 'keyPrefix'
      ? 'scripts and notices know nothing of it; use the prefix option of redisStore'
      : 'a replica shows revoked sessions as live'
  throw new SessionError(
    'ERR_SESSION_CONFIG',
    `the client given to redisStore has the option ${name}: ${why}`,
  )
}

async function sendAll(
  client: IoredisClient,
  commands: readonly Command[],
): Promise<readonly unknown[]> {
  const [first] = commands
  if (first !== undefined && commands.length === 1)
    return [await client.callBuffer(...first).catch(refusal)]
  const pipeline = client.pipeline()
  if (!isPipeline(pipeline)) throw new TypeError('client.pipeline() is no pipeline')
  for (const command of commands) pipeline.callBuffer(...command)
  const results = (await pipeline.exec()) ?? []
  return results.map(([error, reply]) => (error === null ? reply : refusal(error)))
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && 'callBuffer' in value && 'exec' in value
}

/** A server's refusal is an answer; a lost connection is thrown. */
function refusal(error: unknown): Error {
  if (error instanceof Error && error.name === 'ReplyError') return error
  throw error
}

async function listen(
  connection: unknown,
  channels: readonly string[],
  events: SubscriberEvents,
): Promise<Subscriber> {
  if (!isConnection(connection)) throw new TypeError('duplicate() gave no connection')
  let open = true
  const close = (): void => {
    open = false
    connection.disconnect()
  }
  connection.on('error', () => undefined)
  connection.on('end', () => {
    if (open) events.lost()
    open = false
  })
  connection.on('message', (channel, message) => events.message(channel, message))
  const timer = setTimeout(close, PATIENCE)
  try {
    await connection.connect()
    await connection.subscribe(...channels)
  } catch (error) {
    close()
    throw error
  } finally {
    clearTimeout(timer)
  }
  return { close, isStale: false }
}

/** Waits until a connection takes commands, where it would not keep them until then. */
async function usable(own: Connection | Cluster): Promise<void> {
  if (own.options?.['enableOfflineQueue'] !== false) return
  let timer: NodeJS.Timeout | undefined
  const ready = new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no connection in time')), PATIENCE)
    own.once('ready', resolve)
    // One that is not to connect by itself. A failure is seen by the time that it takes.
    if (own.status === 'wait') own.connect().catch(() => undefined)
  })
  try {
    await ready
  } catch (error) {
    own.disconnect()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

class SingleDriver implements Driver {
  readonly cluster = false
  readonly #client: Connection

  constructor(client: Connection) {
    this.#client = client
  }

  get seemsUp(): boolean {
    // 'connect': it has asked the server whether it is ready, and waits for ever.
    return this.#client.status === 'ready' || this.#client.status === 'connect'
  }

  send(_key: string, commands: readonly Command[]): Promise<readonly unknown[]> {
    return sendAll(this.#client, commands)
  }

  masters(): Promise<readonly Node[]> {
    return Promise.resolve([{ send: (commands) => sendAll(this.#client, commands) }])
  }

  subscribe(channels: readonly string[], events: SubscriberEvents): Promise<Subscriber> {
    return listen(this.#client.duplicate(SINGLE_USE), channels, events)
  }

  async forWrites(): Promise<Driver> {
    const own = this.#client.duplicate(SENT_ONCE)
    if (!isConnection(own)) throw new TypeError('duplicate() gave no connection')
    own.on('error', () => undefined)
    await usable(own)
    return new SingleDriver(own)
  }

  close(): void {
    this.#client.disconnect()
  }
}

class ClusterDriver implements Driver {
  readonly cluster = true
  readonly seemsUp = false
  readonly #client: Cluster

  constructor(client: Cluster) {
    this.#client = client
  }

  async send(key: string, commands: readonly Command[]): Promise<readonly unknown[]> {
    const replies = await sendAll(this.#client, commands)
    if (commands.length === 1 || !isRedirection(replies[0])) return replies
    // ioredis follows a redirection of one command, not of a pipeline that was carried out in part.
    await this.#client.callBuffer('EXISTS', key)
    return sendAll(this.#client, commands)
  }

  async masters(): Promise<readonly Node[]> {
    // A client that is not connected yet knows no server: a command waits until it does.
    if (this.#client.slots.length < SLOTS) await this.#client.callBuffer('EXISTS', 'hf')
    return this.#connections().map((connection) => ({
      send: (commands: readonly Command[]) => sendAll(connection, commands),
    }))
  }

  /**
   * To each server by itself, although a message reaches all of them: what goes by the Cluster's bus is now and then 40 ms
   * late (it waits for acknowledgements of TCP), and a shard that nothing comes from would not be missed.
   */
  async subscribe(channels: readonly string[], events: SubscriberEvents): Promise<Subscriber> {
    const connections = this.#connections()
    const addresses = new Set(connections.map(addressOf))
    const targets = connections.map(
      (connection) => (each: SubscriberEvents) =>
        listen(connection.duplicate({ ...SINGLE_USE, readOnly: false }), channels, each),
    )
    const isStale = (): boolean => {
      try {
        return this.#connections().some((connection) => !addresses.has(addressOf(connection)))
      } catch {
        return true
      }
    }
    return subscribeAll(targets, events, isStale).catch((error: unknown) => {
      this.#lookAgain()
      throw error
    })
  }

  async forWrites(): Promise<Driver> {
    const redisOptions = { ...optionsOf(this.#client.options?.['redisOptions']), ...SENT_ONCE }
    // Without this the Cluster itself sends again what failed with its connection.
    const own = this.#client.duplicate(undefined, { redisOptions, retryDelayOnFailover: 0 })
    if (!isCluster(own)) throw new TypeError('duplicate() gave no Cluster')
    own.on('error', () => undefined)
    await usable(own)
    return new ClusterDriver(own)
  }

  close(): void {
    this.#client.disconnect()
  }

  /** One for each server that takes writes. Throws while a slot has none: a lost server is no longer among the nodes. */
  #connections(): readonly Connection[] {
    const connections = this.#client.nodes('master').filter(isConnection)
    const byAddress = new Map(connections.map((each) => [addressOf(each), each] as const))
    const wanted = [...new Set(this.#client.slots.map((addresses) => addresses?.[0] ?? ''))]
    const found = wanted.flatMap((address) => byAddress.get(address) ?? [])
    if (found.length === wanted.length && this.#client.slots.length === SLOTS) return found
    this.#lookAgain()
    throw new Error('a shard of the Cluster has no server that can be reached')
  }

  /** By itself the client asks who has which slots only when a command fails, and there may be none for that shard. */
  #lookAgain(): void {
    this.#client.refreshSlotsCache(() => undefined)
  }
}

function addressOf({ options }: Connection): string {
  return `${String(options?.['host'])}:${String(options?.['port'])}`
}
