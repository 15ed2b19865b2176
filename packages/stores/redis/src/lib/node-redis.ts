import { SessionError } from '@holdfast/core'
import {
  type Arg,
  type Command,
  type Driver,
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
  connect(): Promise<unknown>
}

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
  if (isCluster(client)) return new ClusterDriver(client)
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
    await own.connect()
    await own.subscribe(channels, (message, channel) => events.message(channel, message))
  } catch (error) {
    close()
    throw error
  }
  return { close, isStale: false }
}

function optionsOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
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
    await own.connect()
    return new SingleDriver(own)
  }

  close(): void {
    destroy(this.#client)
  }
}

class ClusterDriver implements Driver {
  readonly cluster = true
  readonly #client: Cluster

  constructor(client: Cluster) {
    this.#client = client
  }

  send(key: string, commands: readonly Command[]): Promise<readonly unknown[]> {
    // Of one key, so of one server: in order on its one connection.
    return Promise.all(
      commands.map((command) =>
        this.#client.sendCommand(key, false, command, AS_BUFFERS).catch(refusal),
      ),
    )
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
    await own.connect()
    return new ClusterDriver(own)
  }

  close(): void {
    destroy(this.#client)
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
