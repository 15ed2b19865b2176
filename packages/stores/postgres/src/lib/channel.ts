import { randomBytes } from 'node:crypto'
import type { StoreNotice } from '@holdfast/core/store'
import type { Driver, Ear, Statement } from './driver.js'

/** Milliseconds between two beats, and after which a channel that was not heard is down. */
const BEAT = 1000
const SILENCE = 2500
const TICK = 250

/** Milliseconds before a connection is tried again: doubled each time, with some chance in it. */
const FIRST_RETRY = 50
const LAST_RETRY = 500

type Listener = (notice: StoreNotice) => void

/** What the channel works with. */
export interface ChannelParts {
  readonly driver: Driver
  readonly name: string
  readonly beat: Statement
  readonly epoch: Statement
  /** Looks at the server again after a (re)connection and gives the counter; rejects if the server is not fit. */
  readonly greet: () => Promise<number>
}

/**
 * Notices of all changes, over a listening connection that is renewed when it breaks. Every second it sends a beat and
 * waits to hear it: notices come in the order of commits, so a beat that is heard confirms everything before it.
 */
export class Channel {
  readonly #parts: ChannelParts
  readonly #listeners = new Set<Listener>()
  readonly #me = randomBytes(6).toString('hex')
  readonly #beats = new Map<string, number>()
  #ear: Ear | null = null
  #timer: NodeJS.Timeout | null = null
  #retry: NodeJS.Timeout | null = null
  #state: 'starting' | 'up' | 'down' = 'starting'
  #attempt = 0
  #failures = 0
  #heardAt = 0
  #beatAt = 0
  #tickAt = 0
  #count = 0
  #epoch: number | null = null
  #reading: Promise<void> | null = null
  #again = false
  #closed = false

  constructor(parts: ChannelParts) {
    this.#parts = parts
  }

  /** The revocation counter as far as it was heard of; null while the channel is not up. */
  get epoch(): number | null {
    return this.#state === 'up' ? this.#epoch : null
  }

  /** Opens the connection with the first listener; it stays until {@link Channel.close}. */
  watch(listener: Listener): () => void {
    // Each call is one listener, even of one function.
    const each: Listener = (notice) => listener(notice)
    this.#listeners.add(each)
    if (this.#timer === null && !this.#closed) this.#start()
    else if (this.#state === 'down') queueMicrotask(() => this.#tellDown(each))
    return () => {
      this.#listeners.delete(each)
    }
  }

  /** A counter that this process has learned from an answer. */
  learned(epoch: number): void {
    if (this.#epoch !== null && epoch > this.#epoch) this.#epoch = epoch
  }

  /** Reports a change that no other process needs to hear of. */
  notify(notice: StoreNotice): void {
    for (const listener of this.#listeners) listener(notice)
  }

  close(): void {
    this.#closed = true
    this.#listeners.clear()
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#drop()
  }

  #start(): void {
    this.#tickAt = performance.now()
    this.#timer = setInterval(() => this.#tick(), TICK)
    this.#timer.unref()
    void this.#connect()
  }

  async #connect(): Promise<void> {
    this.#attempt += 1
    const attempt = this.#attempt
    const current = (): boolean => !this.#closed && attempt === this.#attempt
    const { driver, name } = this.#parts
    try {
      const ear = await driver.listen(name, {
        heard: (payload) => current() && this.#heard(payload),
        lost: () => current() && this.#lost(),
      })
      if (!current()) return ear.close()
      this.#ear = ear
      this.#heardAt = performance.now()
      this.#beatAt = this.#heardAt
      // Listening comes first, then the counter: what changes in between is heard.
      const epoch = await this.#parts.greet()
      if (!current()) return
      this.#epoch = epoch
      this.#beat()
    } catch {
      if (current()) this.#lost()
    }
  }

  /** The first beat was heard: notices come through. */
  #rise(): void {
    const was = this.#state
    this.#state = 'up'
    this.#failures = 0
    this.notify({ kind: was === 'down' ? 'healthy' : 'reset' })
  }

  #lost(): void {
    this.#drop()
    this.#fall()
    const most = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 10)
    this.#retry = setTimeout(() => void this.#connect(), most * (0.5 + Math.random() / 2))
    this.#retry.unref()
  }

  #drop(): void {
    this.#attempt += 1
    this.#ear?.close()
    this.#ear = null
    this.#beats.clear()
  }

  #fall(): void {
    const was = this.#state
    this.#state = 'down'
    this.#epoch = null
    if (was !== 'down') this.notify({ kind: 'unhealthy' })
  }

  #tellDown(listener: Listener): void {
    if (this.#state === 'down' && this.#listeners.has(listener)) listener({ kind: 'unhealthy' })
  }

  #tick(): void {
    const now = performance.now()
    // A process that was held up itself has not read its messages yet: it does so before the next tick.
    const heldUp = now - this.#tickAt > 2 * TICK
    this.#tickAt = now
    if (this.#ear === null) return
    if (now - this.#heardAt > SILENCE && !heldUp) this.#lost()
    else if (now - this.#beatAt >= BEAT) this.#beat()
  }

  #beat(): void {
    const nonce = `${this.#me}.${(this.#count += 1)}`
    this.#beatAt = performance.now()
    this.#beats.set(nonce, this.#beatAt)
    const { beat, name } = this.#parts
    // A beat that fails is not heard.
    this.#ear?.run(beat, [name, `#${nonce}`]).then(
      (rows) => this.learned(Number(rows[0]?.[2] ?? 0)),
      () => undefined,
    )
  }

  #heard(payload: string): void {
    if (payload.startsWith('#')) return this.#heardBeat(payload.slice(1))
    const [epoch = '', ids = ''] = payload.split(';')
    // Anybody who may connect may notify: what a notice says of the counter is a reason to read it, no more.
    if (Number(epoch) > (this.#epoch ?? Infinity)) this.#readEpoch()
    if (ids === '*') return this.notify({ kind: 'reset' })
    if (ids === '') return
    for (const id of ids.split(',')) this.notify({ kind: 'changed', id })
  }

  /** Reads the counter; once more if it is asked for again meanwhile. */
  #readEpoch(): void {
    const ear = this.#ear
    if (ear === null || this.#reading !== null) {
      this.#again = ear !== null
      return
    }
    this.#again = false
    const done = (): void => {
      this.#reading = null
      if (this.#again) this.#readEpoch()
    }
    this.#reading = ear
      .run(this.#parts.epoch, [])
      .then(([row]) => this.learned(Number(row?.[0] ?? 0)))
      .then(done, done)
  }

  #heardBeat(nonce: string): void {
    const sentAt = this.#beats.get(nonce)
    if (sentAt === undefined) return
    this.#beats.clear()
    this.#heardAt = performance.now()
    if (this.#state !== 'up') this.#rise()
    this.notify({ kind: 'confirmed', age: Math.ceil(this.#heardAt - sentAt) })
  }
}
