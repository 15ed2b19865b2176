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

/** What the store uses of a node-redis client or cluster. */
export interface NodeRedisClient {
  sendCommand(...args: never[]): Promise<unknown>
  duplicate(): unknown
  destroy(): void
}

interface Connection extends NodeRedisClient {
  on(event: 'error' | 'end', listener: () => void): unknown
  readonly options?: Readonly<Record<string, unknown>>
  readonly isReady?: boolean
  sendCommand(args: readonly Arg[], options: object): Promise<unknown>
  duplicate(overrides?: object): unknown
  connect(): Promise<unknown>
  subscribe(
    channels: readonly string[],
    listener: (message: string, channel: string) => void,
  ): Promise<unknown>
}

interface Cluster extends NodeRedisClient {
  on(event: 'error', listener: () => void): unknown
  readonly masters: readonly { readonly address: string }[]
  sendCommand(
    key: string,
    isReadonly: boolean,
    args: readonly Arg[],
    options: object,
  ): Promise<unknown>
  nodeClient(node: unknown): unknown
  /** The connection to the server that takes writes to this key. Since 6.1. */
  getNodeClientForKey(key: string, isReadonly: boolean): unknown
  connect(): Promise<unknown>
}

/** Milliseconds that a connection may take. */
const PATIENCE = 2000

/** RESP type 36, bulk strings, as Buffers. */
const AS_BUFFERS = { typeMapping: { 36: Buffer } }

export function isNodeRedis(client: object): client is NodeRedisClient {
  return (
    'sendCommand' in client &&
    typeof client.sendCommand === 'function' &&
    'destroy' in client &&
    'withTypeMapping' in client
  )
}

function isCluster(value: unknown): value is Cluster {
  return typeof value === 'object' && value !== null && isNodeRedis(value) && 'nodeClient' in value
}

function isConnection(value: unknown): value is Connection {
  return typeof value === 'object' && value !== null && isNodeRedis(value) && !isCluster(value)
}

/** The driver over the application's client, which must have been connected. */
export function nodeRedisDriver(client: NodeRedisClient): Driver {
  if (isCluster(client)) {
    if ('getNodeClientForKey' in client) return new ClusterDriver(client)
    throw new TypeError('a cluster of node-redis must be of version 6.1 or newer')
  }
  if ('acquire' in client)
    throw new TypeError('a Sentinel client of node-redis cannot be used; ioredis has one that can')
  if (!isConnection(client)) throw new TypeError('client must be a node-redis client or cluster')
  if (client.options?.['readonly'] === true)
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'the client given to redisStore has the option readonly: a replica shows revoked sessions as live',
    )
  return new SingleDriver(client)
}

/** A server's refusal is an answer; a lost connection is thrown. */
function refusal(error: unknown): Error {
  if (error instanceof Error && /^[A-Z]{2,}[A-Z0-9]* /.test(error.message)) return error
  throw error
}

/** Commands of one turn leave on one connection, in order. */
function sendAll(connection: Connection, commands: readonly Command[]): Promise<unknown[]> {
  return Promise.all(
    commands.map((command) => connection.sendCommand(command, AS_BUFFERS).catch(refusal)),
  )
}

async function listen(
  of: Connection,
  channels: readonly string[],
  events: SubscriberEvents,
): Promise<Subscriber> {
  const socket = { ...optionsOf(of.options?.['socket']), reconnectStrategy: false }
  const own = of.duplicate({ socket })
  if (!isConnection(own)) throw new TypeError('duplicate() gave no connection')
  let open = true
  const lost = (): void => {
    if (open) events.lost()
    open = false
  }
  const close = (): void => {
    open = false
    destroy(own)
  }
  own.on('error', lost)
  own.on('end', lost)
  try {
    const subscribe = (): Promise<unknown> =>
      own.subscribe(channels, (message, channel) => events.message(channel, message))
    await inTime(own.connect().then(subscribe))
  } catch (error) {
    close()
    throw error
  }
  return { close, isStale: false }
}

function optionsOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

/** Fails where it takes too long: without an answer, node-redis waits for ever. */
async function inTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no connection in time')), PATIENCE)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Connects a client of the store's own, or destroys it. */
async function connect(own: { connect(): Promise<unknown> } & NodeRedisClient): Promise<void> {
  try {
    await inTime(own.connect())
  } catch (error) {
    destroy(own)
    throw error
  }
}

/** Throws where it was destroyed already. */
function destroy(client: NodeRedisClient): void {
  try {
    client.destroy()
  } catch {
    // It is gone, which is what was wanted.
  }
}

class SingleDriver implements Driver {
  readonly cluster = false
  readonly #client: Connection

  constructor(client: Connection) {
    this.#client = client
  }

  get seemsUp(): boolean {
    return this.#client.isReady === true
  }

  send(_key: string, commands: readonly Command[]): Promise<readonly unknown[]> {
    return sendAll(this.#client, commands)
  }

  masters(): Promise<readonly Node[]> {
    return Promise.resolve([{ send: (commands) => sendAll(this.#client, commands) }])
  }

  subscribe(channels: readonly string[], events: SubscriberEvents): Promise<Subscriber> {
    return listen(this.#client, channels, events)
  }

  async forWrites(): Promise<Driver> {
    const own = this.#client.duplicate()
    if (!isConnection(own)) throw new TypeError('duplicate() gave no connection')
    own.on('error', () => undefined)
    await connect(own)
    return new SingleDriver(own)
  }

  close(): void {
    destroy(this.#client)
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
    const replies = await this.#sendTo(key, commands)
    if (!isRedirection(replies[0])) return replies
    // The cluster would follow with one command and leave WAIT behind, on a server that has nothing to wait for.
    await this.#client.sendCommand(key, false, ['EXISTS', key], AS_BUFFERS)
    return this.#sendTo(key, commands)
  }

  async masters(): Promise<readonly Node[]> {
    const connections = await this.#connections()
    return connections.map((connection) => ({
      send: (commands: readonly Command[]) => sendAll(connection, commands),
    }))
  }

  /** To each server by itself: see `ioredis.ts`. */
  async subscribe(channels: readonly string[], events: SubscriberEvents): Promise<Subscriber> {
    const addresses = new Set(this.#addresses())
    const targets = (await this.#connections()).map(
      (connection) => (each: SubscriberEvents) => listen(connection, channels, each),
    )
    const isStale = (): boolean => this.#addresses().some((address) => !addresses.has(address))
    return subscribeAll(targets, events, isStale)
  }

  async forWrites(): Promise<Driver> {
    const own = this.#client.duplicate()
    if (!isCluster(own)) throw new TypeError('duplicate() gave no cluster')
    own.on('error', () => undefined)
    await connect(own)
    return new ClusterDriver(own)
  }

  close(): void {
    destroy(this.#client)
  }

  async #sendTo(key: string, commands: readonly Command[]): Promise<readonly unknown[]> {
    const connection = await this.#client.getNodeClientForKey(key, false)
    if (!isConnection(connection)) throw new TypeError('the cluster gave no connection for a key')
    return sendAll(connection, commands)
  }

  #addresses(): readonly string[] {
    return this.#client.masters.map(({ address }) => address)
  }

  async #connections(): Promise<readonly Connection[]> {
    const clients = await Promise.all(
      this.#client.masters.map((node) => this.#client.nodeClient(node)),
    )
    return clients.filter(isConnection)
  }
}
