import { Fleet, type FleetOptions } from './fleet.js'
import type { History } from './history.js'
import type { Proxy } from './proxy.js'
import type { Random } from '@holdfast/test-servers/random'
import { between } from './random.js'
import { now, pause } from './time.js'

/** How long and how hard a scenario is. */
export interface Effort {
  readonly seed: number
  /** Seconds of faults. */
  readonly seconds: number
  readonly workers: number
  /** Operations in flight at once in each worker. */
  readonly lanes: number
  /** Longest pause of a lane between two operations, in milliseconds. */
  readonly pause: number
}

/** One run of a scenario: the workers, what stands between them and their store, and what is noted of the faults. */
export class Stage {
  readonly fleet: Fleet
  readonly random: Random
  readonly #until: number

  private constructor(fleet: Fleet, random: Random, until: number) {
    this.fleet = fleet
    this.random = random
    this.#until = until
  }

  static async open(options: FleetOptions, random: Random, seconds: number): Promise<Stage> {
    const fleet = await Fleet.start(options)
    // Until sessions are there and the push channels stand.
    await pause(700)
    return new Stage(fleet, random, now() + seconds * 1000)
  }

  /** Whether there is time for one more fault. */
  get goesOn(): boolean {
    return now() < this.#until
  }

  /** Waits for some milliseconds, as the seed decides. */
  pause(least: number, most: number): Promise<void> {
    return pause(between(this.random, least, most))
  }

  /** Notes that a fault happens now. */
  fault(kind: string): void {
    this.fleet.mark({ mark: 'fault', kind, at: now() })
  }

  /** While `during` runs, nobody can reach the store; when it returns, everybody can. */
  async down(during: () => Promise<void>, back: () => Promise<void> | void): Promise<void> {
    const from = now()
    await during()
    this.fleet.mark({ mark: 'down', from, to: now() })
    await back()
    this.up()
  }

  /** Has the store lose all that it has. */
  async emptied(work: () => Promise<void>): Promise<void> {
    const from = now()
    await work()
    this.fleet.mark({ mark: 'emptied', from, to: now() })
  }

  up(): void {
    this.fleet.mark({ mark: 'up', at: now() })
  }

  /** Cuts the workers off by the proxy for a while. */
  async cutOff(
    proxy: Proxy,
    kind: 'refuse' | 'blackhole',
    least: number,
    most: number,
  ): Promise<void> {
    this.fault(kind)
    proxy.set({ kind })
    await this.down(
      () => this.pause(least, most),
      () => proxy.set({ kind: 'none' }),
    )
  }

  /** Lets the workers recover, ends them and reads what they have noted. */
  async close(calm = 1500): Promise<History> {
    await pause(calm)
    return this.fleet.stop()
  }
}
