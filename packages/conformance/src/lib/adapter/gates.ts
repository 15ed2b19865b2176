/** Places where requests wait until the case lets them go on: the order of a race is then the case's choice. */
export class Gates {
  readonly #gates = new Map<string, Gate>()

  /** Waits until `name` is opened. */
  wait(name: string): Promise<void> {
    return this.#gate(name).wait()
  }

  /** Resolves when `count` requests have come to `name`. */
  arrivals(name: string, count = 1): Promise<void> {
    return this.#gate(name).arrivals(count)
  }

  /** Lets everybody through, now and later. */
  open(name: string): void {
    this.#gate(name).open()
  }

  /** Opens every gate, so that nothing is left waiting when a case has failed. */
  openAll(): void {
    for (const gate of this.#gates.values()) gate.open()
  }

  #gate(name: string): Gate {
    const known = this.#gates.get(name)
    if (known !== undefined) return known
    const gate = new Gate()
    this.#gates.set(name, gate)
    return gate
  }
}

class Gate {
  readonly #opened: Promise<void>
  #open: () => void = () => undefined
  #arrived = 0
  #watchers: { readonly count: number; readonly resolve: () => void }[] = []

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  wait(): Promise<void> {
    this.#arrived += 1
    for (const watcher of this.#watchers) if (this.#arrived >= watcher.count) watcher.resolve()
    return this.#opened
  }

  arrivals(count: number): Promise<void> {
    if (this.#arrived >= count) return Promise.resolve()
    return new Promise((resolve) => {
      this.#watchers.push({ count, resolve })
    })
  }

  open(): void {
    this.#open()
  }
}
