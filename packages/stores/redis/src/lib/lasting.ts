import type { Command, Driver, Node, Subscriber, SubscriberEvents } from './driver.js'

/** How long an answer may take before its connection is left, as a share of the time that a call has. */
const PATIENCE = 1.5

/**
 * A driver whose connection is replaced when it has gone silent, as after a firewall has forgotten it. Few clients notice:
 * they wait until the operating system gives up, a quarter of an hour later. The application's own connection is only left
 * alone; one of the store's own is closed.
 */
export class LastingDriver implements Driver {
  readonly #first: Driver
  readonly #timeout: number
  #current: Driver
  #isOwn: boolean
  #opening = false
  #closed = false

  /** Of `first`; `current` is one of the store's own that was opened by it, where there is one. */
  constructor(first: Driver, timeout: number, current?: Driver) {
    this.#first = first
    this.#timeout = timeout
    this.#current = current ?? first
    this.#isOwn = current !== undefined
  }

  get cluster(): boolean {
    return this.#first.cluster
  }

  get seemsUp(): boolean {
    return this.#current.seemsUp
  }

  send(key: string, commands: readonly Command[]): Promise<readonly unknown[]> {
    const driver = this.#current
    return this.#watch(driver, driver.send(key, commands))
  }

  async masters(): Promise<readonly Node[]> {
    const driver = this.#current
    const nodes = await driver.masters()
    return nodes.map((node) => ({
      send: (commands) => this.#watch(driver, node.send(commands)),
    }))
  }

  subscribe(channels: readonly string[], events: SubscriberEvents): Promise<Subscriber> {
    return this.#current.subscribe(channels, events)
  }

  async forWrites(): Promise<Driver> {
    return new LastingDriver(this.#first, this.#timeout, await this.#first.forWrites())
  }

  /** Closes what is the store's own. */
  close(): void {
    this.#closed = true
    if (this.#isOwn) this.#current.close()
  }

  #watch<T>(driver: Driver, call: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#leave(driver), PATIENCE * this.#timeout)
    timer.unref()
    const done = (): void => clearTimeout(timer)
    call.then(done, done)
    return call
  }

  /** One that knows itself to be down comes back by itself. */
  #leave(driver: Driver): void {
    if (driver !== this.#current || this.#opening || this.#closed || !driver.seemsUp) return
    this.#opening = true
    const ready = (): void => {
      this.#opening = false
    }
    this.#first
      .forWrites()
      .then((next) => this.#turnTo(next))
      .then(ready, ready)
  }

  #turnTo(next: Driver): void {
    if (this.#closed) return next.close()
    if (this.#isOwn) this.#current.close()
    this.#current = next
    this.#isOwn = true
  }
}
