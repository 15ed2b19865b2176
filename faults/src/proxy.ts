import { once } from 'node:events'
import {
  type AddressInfo,
  createConnection,
  createServer,
  type Server,
  type Socket,
} from 'node:net'
import { type Random, seeded } from '@holdfast/test-servers/random'

/** What a proxy does to connections. */
export type Trouble =
  | { readonly kind: 'none' }
  /** Ends every connection, and each new one as soon as it is made. */
  | { readonly kind: 'refuse' }
  /** Takes everything and forwards nothing. */
  | { readonly kind: 'blackhole' }
  /** Requests arrive, answers do not: what was asked for takes place, and nobody is told. */
  | { readonly kind: 'deaf' }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** So many bytes a second, each way and connection. */
  | { readonly kind: 'throttle'; readonly rate: number }
  /** Requests arrive, and are answered with as many bytes that mean nothing. */
  | { readonly kind: 'garbage' }

/** What a client sends on the connection over which changes are pushed to it. */
const PUSH = /\b(?:subscribe|listen)\b/i

interface Pair {
  readonly client: Socket
  readonly server: Socket
  push: boolean
  /** Nothing comes through any more, and nobody is told. */
  dead: boolean
}

const NONE: Trouble = { kind: 'none' }

/** After these a connection is of no use any more: what came over it has a hole, or is not what was sent. */
const SPOILING: ReadonlySet<Trouble['kind']> = new Set(['blackhole', 'deaf', 'garbage'])

/** A TCP proxy between the workers and their store, which makes trouble on demand. */
export class Proxy {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #target: number
  #trouble: Trouble = NONE
  #pushOnly = false
  #port = 0
  readonly #random: Random = seeded(1)

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client))
  }

  static async to(target: number): Promise<Proxy> {
    const proxy = new Proxy(target)
    await proxy.open()
    return proxy
  }

  get port(): number {
    return this.#port
  }

  /** Listens, on the same port as before. */
  async open(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Ends every connection and listens no more: the system refuses new ones. */
  async shut(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Where new connections go from now on, such as after a failover. */
  set target(port: number) {
    this.#target = port
  }

  /** Makes this trouble from now on, for all connections or for those of the push channel. */
  set(trouble: Trouble, only: 'all' | 'push' = 'all'): void {
    if (SPOILING.has(this.#trouble.kind))
      for (const pair of this.#pairs) if (this.#isTroubled(pair)) end(pair)
    this.#trouble = trouble
    this.#pushOnly = only === 'push'
    if (trouble.kind === 'refuse')
      for (const pair of this.#pairs) if (this.#isTroubled(pair)) end(pair)
  }

  /** Ends every connection; new ones are welcome. */
  cut(): void {
    for (const pair of this.#pairs) end(pair)
  }

  /** Tells every client that the server will say no more, and goes on listening to it. */
  halfClose(): void {
    for (const { client } of this.#pairs) client.end()
  }

  /** Every connection goes silent for good, as when a firewall has forgotten it; new ones are good. */
  silence(): void {
    for (const pair of this.#pairs) pair.dead = true
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.shut()
  }

  #accept(client: Socket): void {
    const server = createConnection({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { client, server, push: false, dead: false }
    this.#pairs.add(pair)
    if (this.#trouble.kind === 'refuse' && !this.#pushOnly) end(pair)
    this.#forward(pair, client, server, true)
    this.#forward(pair, server, client, false)
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => end(pair))
      socket.on('close', () => {
        this.#pairs.delete(pair)
        end(pair)
      })
    }
  }

  #forward(pair: Pair, from: Socket, to: Socket, asking: boolean): void {
    const lane = new Lane(to)
    from.on('data', (chunk: Buffer) => {
      if (asking && !pair.push && PUSH.test(chunk.toString('latin1'))) pair.push = true
      const trouble = this.#isTroubled(pair) ? this.#trouble : NONE
      if (pair.dead) return
      if (trouble.kind === 'refuse') end(pair)
      else if (trouble.kind === 'garbage' && !asking) lane.send(this.#garbage(chunk), NONE)
      else if (trouble.kind !== 'blackhole' && (trouble.kind !== 'deaf' || asking))
        lane.send(chunk, trouble)
    })
    from.on('end', () => {
      if (this.#trouble.kind !== 'blackhole') lane.send(null, NONE)
    })
  }

  #garbage(chunk: Buffer): Buffer {
    return Buffer.from(Array.from(chunk, () => Math.floor(this.#random() * 256)))
  }

  #isTroubled(pair: Pair): boolean {
    return !this.#pushOnly || pair.push
  }
}

function end({ client, server }: Pair): void {
  client.destroy()
  server.destroy()
}

/** One direction of a connection: chunks in their order, each not before its time. */
class Lane {
  readonly #to: Socket
  readonly #waiting: { readonly chunk: Buffer | null; readonly due: number }[] = []
  #free = 0
  #timer: NodeJS.Timeout | null = null

  constructor(to: Socket) {
    this.#to = to
  }

  /** Null ends the direction. */
  send(chunk: Buffer | null, trouble: Trouble): void {
    const now = performance.now()
    let due = Math.max(this.#free, now)
    if (trouble.kind === 'delay') due = Math.max(this.#free, now + trouble.milliseconds)
    if (trouble.kind === 'throttle') due += ((chunk?.length ?? 0) / trouble.rate) * 1000
    this.#free = due
    this.#waiting.push({ chunk, due })
    if (this.#timer === null) this.#drain()
  }

  #drain(): void {
    this.#timer = null
    for (;;) {
      const [first] = this.#waiting
      if (first === undefined) return
      const left = first.due - performance.now()
      if (left > 0) {
        this.#timer = setTimeout(() => this.#drain(), left)
        return
      }
      this.#waiting.shift()
      if (!this.#to.writable) continue
      if (first.chunk === null) this.#to.end()
      else this.#to.write(first.chunk)
    }
  }
}
