import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { end, isRunning, track } from '@holdfast/test-servers/process'
import { pause } from '@holdfast/test-servers/wait'
import { COUNTED, type Counts, type FromApplication, type ToApplication } from './messages.js'
import type { StoreConfig } from './stores.js'

const APPLICATION = fileURLToPath(new URL('application.js', import.meta.url))
const LAST_WORDS = 2000
export const PROCESSES = 4

/** A store call that is kept back in one of the processes. */
export interface HeldCall {
  readonly race: string
  readonly operation: string
  /** Sends it to the database. */
  readonly go: () => void
}

interface Arrivals {
  count: number
  watchers: { readonly count: number; readonly resolve: () => void }[]
}

/** The application: four processes on one database. */
export class Fleet {
  readonly ports: readonly number[]
  readonly #children: readonly ChildProcess[]
  readonly #arrivals = new Map<string, Arrivals>()
  readonly #listeners = new Map<string, (call: HeldCall) => void>()
  #offset = 0

  private constructor(children: readonly ChildProcess[], ports: readonly number[]) {
    this.#children = children
    this.ports = ports
    for (const child of children)
      child.on('message', (message: FromApplication) => this.#hear(child, message))
  }

  static async start(store: StoreConfig): Promise<Fleet> {
    const children = Array.from({ length: PROCESSES }, () => track(fork(APPLICATION)))
    const ready = children.map((child) => reply(child, 'ready'))
    for (const child of children) send(child, { kind: 'start', store })
    return new Fleet(
      children,
      (await Promise.all(ready)).map(({ port }) => port),
    )
  }

  /** Resolves when `count` requests wait at the gate. */
  arrivals(gate: string, count = 1): Promise<void> {
    const arrivals = this.#at(gate)
    if (arrivals.count >= count) return Promise.resolve()
    return new Promise((resolve) => {
      arrivals.watchers.push({ count, resolve })
    })
  }

  /** Lets everybody through the gate, now and later. */
  open(gate: string): void {
    for (const child of this.#children) send(child, { kind: 'open', gate })
    this.#arrivals.delete(gate)
  }

  /** Moves the clock of every process. */
  async advance(milliseconds: number): Promise<void> {
    this.#offset += milliseconds
    const moved = this.#children.map((child) => reply(child, 'clock'))
    for (const child of this.#children) send(child, { kind: 'clock', offset: this.#offset })
    await Promise.all(moved)
  }

  /** How often something has happened, in all processes together. */
  async counts(): Promise<Counts> {
    const counted = this.#children.map((child) => reply(child, 'count'))
    for (const child of this.#children) send(child, { kind: 'count' })
    const sum = { session_renewed: 0, token_reuse: 0 }
    for (const { counts } of await Promise.all(counted))
      for (const type of COUNTED) sum[type] += counts[type]
    return sum
  }

  /** Tells of store calls whose race begins with `races` and a dot, until the returned function is called. */
  onCall(races: string, listener: (call: HeldCall) => void): () => void {
    this.#listeners.set(races, listener)
    return () => this.#listeners.delete(races)
  }

  async stop(): Promise<void> {
    const gone = this.#children.filter(isRunning).map((child) => once(child, 'exit'))
    for (const child of this.#children) send(child, { kind: 'stop' })
    await Promise.race([Promise.all(gone), pause(LAST_WORDS)])
    await Promise.all(this.#children.map((child) => end(child, 'SIGKILL')))
  }

  #at(gate: string): Arrivals {
    const found = this.#arrivals.get(gate) ?? { count: 0, watchers: [] }
    this.#arrivals.set(gate, found)
    return found
  }

  #hear(child: ChildProcess, message: FromApplication): void {
    if (message.kind === 'arrived') {
      const arrivals = this.#at(message.gate)
      arrivals.count += 1
      for (const { count, resolve } of arrivals.watchers) if (arrivals.count >= count) resolve()
    } else if (message.kind === 'call') {
      const { call, race, operation } = message
      const go = (): void => send(child, { kind: 'go', call })
      const listener = this.#listeners.get(race.slice(0, race.indexOf('.')))
      // Nobody decides any more: what is left over goes on.
      if (listener === undefined) go()
      else listener({ race, operation, go })
    }
  }
}

function send(child: ChildProcess, message: ToApplication): void {
  if (child.connected) child.send(message, () => undefined)
}

/** The next message of this kind. A process that ends instead fails the run. */
function reply<Kind extends FromApplication['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<FromApplication, { readonly kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const settle = (message: FromApplication): void => {
      if (!isOf(message, kind)) return
      child.off('message', settle)
      child.off('exit', fail)
      resolve(message)
    }
    const fail = (): void => reject(new Error('a process of the application ended'))
    child.on('message', settle)
    child.once('exit', fail)
  })
}

function isOf<Kind extends FromApplication['kind']>(
  message: FromApplication,
  kind: Kind,
): message is Extract<FromApplication, { readonly kind: Kind }> {
  return message.kind === kind
}
