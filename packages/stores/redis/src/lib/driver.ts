import { createHash } from 'node:crypto'

/** A part of a command. */
export type Arg = string | Buffer

/** A command with its arguments. */
export type Command = readonly [string, ...Arg[]]

/** One server. */
export interface Node {
  /** Sends commands in this order on one connection; a reply's texts are Buffers, a refusal is an Error in its place. */
  send(commands: readonly Command[]): Promise<readonly unknown[]>
}

/** Listens until it is closed or lost; it never reconnects by itself. */
export interface Subscriber {
  /** Whether a server takes writes by now that it does not listen to. */
  readonly isStale: boolean
  close(): void
}

export interface SubscriberEvents {
  message(channel: string, message: string): void
  lost(): void
}

/** What a driver must be able to do; see `ioredis.ts` and `node-redis.ts`. */
export interface Driver {
  /** Keys of one command must after be of one slot. */
  readonly cluster: boolean
  /** Whether it takes its connection to stand, though nothing may come. Of a Cluster, which has several, never. */
  readonly seemsUp: boolean
  /** Sends commands in this order on one connection, to the server of `key`, as {@link Node.send} does. */
  send(key: string, commands: readonly Command[]): Promise<readonly unknown[]>
  /** Each server that takes writes. */
  masters(): Promise<readonly Node[]>
  /** Opens a connection of its own to each server that takes writes, and listens. */
  subscribe(channels: readonly string[], events: SubscriberEvents): Promise<Subscriber>
  /** The same with a connection of its own, on which no command is ever sent twice; `close` ends it. */
  forWrites(): Promise<Driver>
  close(): void
}

/** Several subscribers as one: where one is lost, all are closed. */
export async function subscribeAll(
  targets: readonly ((events: SubscriberEvents) => Promise<Pick<Subscriber, 'close'>>)[],
  events: SubscriberEvents,
  isStale: () => boolean,
): Promise<Subscriber> {
  let open = true
  const subscribers: Pick<Subscriber, 'close'>[] = []
  const close = (): void => {
    open = false
    for (const subscriber of subscribers) subscriber.close()
  }
  const lost = (): void => {
    if (!open) return
    close()
    events.lost()
  }
  const message = (channel: string, text: string): void => {
    if (open) events.message(channel, text)
  }
  const openings = targets.map(async (target) => {
    const subscriber = await target({ message, lost })
    subscribers.push(subscriber)
    if (!open) subscriber.close()
  })
  const outcomes = await Promise.allSettled(openings)
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined || targets.length === 0 || !open) {
    close()
    throw failed?.reason ?? new Error('no server that takes writes is known, or it was lost')
  }
  return {
    close,
    get isStale() {
      return isStale()
    },
  }
}

/** A script, known to servers by its digest. */
export class Script {
  readonly source: string
  readonly digest: string

  constructor(source: string) {
    this.source = source
    this.digest = createHash('sha1').update(source).digest('hex')
  }
}

export interface Invocation {
  readonly script: Script
  /** Of one slot. */
  readonly keys: readonly [string, ...string[]]
  readonly args: readonly Arg[]
  /** Sent right after it on the same connection, such as WAIT. */
  readonly after?: Command | undefined
}

/** Runs a script by its digest; a server that does not know it (restarted, failed over, flushed) is sent the source. */
export async function invoke(
  driver: Driver,
  { script, keys, args, after }: Invocation,
): Promise<{ readonly reply: unknown; readonly followed: unknown }> {
  const [key] = keys
  const rest = [String(keys.length), ...keys, ...args]
  const followers = after === undefined ? [] : [after]
  let replies = await driver.send(key, [['EVALSHA', script.digest, ...rest], ...followers])
  if (isNoScript(replies[0]))
    replies = await driver.send(key, [['EVAL', script.source, ...rest], ...followers])
  const [reply, followed] = replies
  if (reply instanceof Error) throw reply
  return { reply, followed }
}

/** Whether another server of the Cluster has the key. */
export function isRedirection(reply: unknown): boolean {
  return reply instanceof Error && /^(?:MOVED|ASK) /.test(reply.message)
}

function isNoScript(reply: unknown): boolean {
  return reply instanceof Error && reply.message.startsWith('NOSCRIPT')
}

/** One command for the server of `key`; throws what it is refused with. */
export async function ask(driver: Driver, key: string, command: Command): Promise<unknown> {
  const [reply] = await driver.send(key, [command])
  if (reply instanceof Error) throw reply
  return reply
}
