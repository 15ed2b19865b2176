import { randomBytes } from 'node:crypto'
import { isSessionId, type StoreNotice } from '@holdfast/core/store'
import type { Driver, Node, Subscriber } from './driver.js'
import type { Server } from './server.js'

/** Heartbeats without an answer after which notices are not trusted any more. */
const PATIENCE = 2.5
/** Milliseconds before another connection is tried; doubled up to the second. */
const FIRST_RETRY = 50
const LAST_RETRY = 500

type Listener = (notice: StoreNotice) => void

/** A heartbeat under way: what each server that takes writes has published, and has not been heard of yet. */
interface Beat {
  readonly sentAt: number
  readonly missing: Set<string>
}

/**
 * Notices over pub/sub, which every script publishes itself, on a connection of the store's own; and the proof that they
 * arrive: a message through every server that takes writes, each heartbeat, on the very same way.
 */
export class Channel {
  readonly #driver: Driver
  readonly #server: Server
  readonly #heartbeat: number
  readonly #listeners = new Set<Listener>()
  readonly #private: string
  readonly #beats = new Map<number, Beat>()
  #beat = 0
  #healthy = false
  #closed = false
  #subscriber: Subscriber | null = null
  /** Grows with each connection, so that a former one's events are told from the present one's. */
  #connection = 0
  #heardAt = 0
  #retryAfter = FIRST_RETRY
  #timer: NodeJS.Timeout | null = null
  #retry: NodeJS.Timeout | null = null

  constructor(driver: Driver, server: Server, heartbeat: number) {
    this.#driver = driver
    this.#server = server
    this.#heartbeat = heartbeat
    this.#private = `${server.keys.channel}:${randomBytes(9).toString('base64url')}`
  }

  /** Whether every change made up to a heartbeat ago has been noticed. */
  get healthy(): boolean {
    return this.#healthy
  }

  watch(listener: Listener): () => void {
    const own: Listener = (notice) => listener(notice)
    this.#listeners.add(own)
    if (this.#timer === null) this.#start()
    // Nothing is read before this: a record takes a turn of the event loop at least.
    queueMicrotask(() => {
      if (!this.#healthy && this.#listeners.has(own)) own({ kind: 'unhealthy' })
    })
    return () => {
      this.#listeners.delete(own)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  close(): void {
    this.#closed = true
    this.#listeners.clear()
    this.#stop()
  }

  #start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#heartbeat)
    this.#timer.unref()
    void this.#connect()
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#timer = null
    this.#retry = null
    this.#disconnect()
  }

  #disconnect(): void {
    this.#connection += 1
    this.#healthy = false
    this.#beats.clear()
    this.#subscriber?.close()
    this.#subscriber = null
  }

  async #connect(): Promise<void> {
    const connection = ++this.#connection
    const current = (): boolean => connection === this.#connection && !this.#closed
    try {
      const subscriber = await this.#driver.subscribe([this.#server.keys.channel, this.#private], {
        message: (channel, message) => {
          if (current()) this.#heard(channel, message)
        },
        lost: () => {
          if (current()) this.#lost()
        },
      })
      if (!current()) return subscriber.close()
      this.#subscriber = subscriber
      this.#heardAt = performance.now()
      await this.#send()
    } catch {
      // Why is for the application's own client to say; here there is only another try.
      if (current()) this.#lost()
    }
  }

  /** Nothing can be heard any more: says so, and connects again. */
  #lost(): void {
    const was = this.#healthy
    this.#disconnect()
    if (was) this.#emit({ kind: 'unhealthy' })
    if (this.#timer === null) return
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#connect(), this.#retryAfter)
    this.#retry.unref()
    this.#retryAfter = Math.min(this.#retryAfter * 2, LAST_RETRY)
  }

  #tick(): void {
    if (this.#subscriber === null) return
    const silent = performance.now() - this.#heardAt > PATIENCE * this.#heartbeat
    if (silent || this.#subscriber.isStale) return this.#lost()
    const connection = this.#connection
    this.#send().catch(() => {
      // Its notices say nothing: what is revoked elsewhere is not heard of here.
      if (this.#server.isDoubtful && connection === this.#connection) this.#lost()
    })
  }

  /** Counters first: once the beat is heard, they are known as of its sending. */
  async #send(): Promise<void> {
    const connection = this.#connection
    await this.#server.advance({ what: 'read' })
    const servers = await this.#driver.masters()
    if (connection !== this.#connection) return
    const n = ++this.#beat
    const messages = servers.map((_, each) => `${n}:${each}`)
    if (messages.length === 0) return
    this.#beats.set(n, { sentAt: performance.now(), missing: new Set(messages) })
    await Promise.all(servers.map((server, each) => this.#publish(server, messages[each] ?? '')))
  }

  async #publish(server: Node, message: string): Promise<void> {
    const [reply] = await server.send([['PUBLISH', this.#private, message]])
    if (reply instanceof Error) throw reply
  }

  #heard(channel: string, message: string): void {
    if (channel === this.#private) return this.#answered(message)
    const [kind, rest] = [message[0], message.slice(1)]
    if (kind === 'c' && isSessionId(rest)) return this.#emit({ kind: 'changed', id: rest })
    const count = Number(rest)
    if ((kind !== 'e' && kind !== 'r') || !Number.isSafeInteger(count)) return
    this.#server.heard(count)
    if (kind === 'r') this.#emit({ kind: 'reset' })
  }

  #answered(message: string): void {
    const n = Number.parseInt(message, 10)
    const beat = this.#beats.get(n)
    if (beat === undefined || !beat.missing.delete(message) || beat.missing.size > 0) return
    for (const each of this.#beats.keys()) if (each <= n) this.#beats.delete(each)
    const now = performance.now()
    this.#heardAt = now
    this.#retryAfter = FIRST_RETRY
    if (!this.#healthy) {
      this.#healthy = true
      this.#emit({ kind: 'healthy' })
      this.#emit({ kind: 'reset' })
    }
    this.#emit({ kind: 'confirmed', age: Math.ceil(now - beat.sentAt) })
  }

  #emit(notice: StoreNotice): void {
    for (const listener of this.#listeners) listener(notice)
  }
}
