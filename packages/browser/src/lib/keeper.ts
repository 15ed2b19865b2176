import { waitOf } from './errors.js'
import { idleLeft, lifeLeft } from './grant.js'
import type { Parts } from './parts.js'
import type { Renewal } from './renewal.js'

/** The share of a token's life before its end in which it is renewed. */
const MARGIN = 1 / 5
const FIRST_RETRY = 1_000
const LAST_RETRY = 60_000
const SHORTEST_NAP = 250
/** A timer sleeps when the machine does: look at the clocks at least this often. */
const LONGEST_NAP = 30_000
const WAKING = ['online', 'focus', 'visibilitychange'] as const

/** Renews in time, tells of the coming idle end, and asks again where the server could not be asked. */
export class Keeper {
  readonly #parts: Parts
  readonly #renewal: Renewal
  #timer: ReturnType<typeof setTimeout> | undefined
  #looking = false
  #retry = 0
  /** The longest time without activity that the server has granted. */
  #idleTimeout = 0
  #warned = false

  constructor(parts: Parts, renewal: Renewal) {
    this.#parts = parts
    this.#renewal = renewal
    const { signal } = parts
    for (const event of WAKING) addEventListener(event, this.wake, { signal })
    signal.addEventListener('abort', () => clearTimeout(this.#timer))
  }

  /** Looks at the clocks now: after a change, and when the machine, the network or the user may have been away. */
  readonly wake = (): void => {
    clearTimeout(this.#timer)
    if (!this.#looking) void this.#look()
  }

  /** Renews now, for whoever asks; where that fails, it is tried again later. */
  async renew(): Promise<void> {
    try {
      await this.#renewal.renew()
      this.#retry = 0
    } catch (error) {
      const next = Math.min(Math.max(this.#retry * 2, FIRST_RETRY), LAST_RETRY)
      this.#retry = Math.max(next, waitOf(error) ?? 0)
      throw error
    } finally {
      this.#sleep()
    }
  }

  async #look(): Promise<void> {
    this.#looking = true
    try {
      if (this.#isDue()) await this.renew()
      else this.#retry = 0
    } catch (error) {
      if (waitOf(error) === null) reportError(error)
    }
    this.#looking = false
    this.#warn()
    this.#sleep()
  }

  #sleep(): void {
    clearTimeout(this.#timer)
    if (this.#isKept()) this.#timer = setTimeout(this.wake, this.#nap())
  }

  #isKept(): boolean {
    const { state, signal } = this.#parts
    // Until somebody has asked, in vain perhaps, nobody wants to know.
    const isWanted = state.version > 0 || this.#retry > 0
    return isWanted && state.public.status !== 'signed-out' && !signal.aborted
  }

  #isDue(): boolean {
    const { grant } = this.#parts.state
    if (!this.#isKept()) return false
    if (grant === null || lifeLeft(grant) <= grant.lifetime * MARGIN) return true
    const idle = this.#idleLeft()
    if (idle > this.#warningTime()) return false
    // Near the end: say that the user is there, or ask whether another page or device has moved it, or has it confirmed.
    return this.#parts.activity.pending || !this.#warned || idle <= 0
  }

  #warn(): void {
    const idle = this.#idleLeft()
    const near = idle <= this.#warningTime()
    if (near === this.#warned) return
    this.#warned = near
    const warning = near ? { endsIn: Math.max(idle, 0) } : null
    queueMicrotask(() => this.#parts.options.onIdleWarning(warning))
  }

  #idleLeft(): number {
    const { grant } = this.#parts.state
    const left = grant === null ? null : idleLeft(grant)
    this.#idleTimeout = Math.max(this.#idleTimeout, grant?.idleLifetime ?? 0)
    return left ?? Infinity
  }

  /** Half of a very short idle timeout, so that not all of it is warning. */
  #warningTime(): number {
    return Math.min(this.#parts.options.idleWarning, this.#idleTimeout / 2)
  }

  #nap(): number {
    const { grant } = this.#parts.state
    // All clients of a server that was away do not come back at once.
    if (this.#retry > 0) return this.#retry * (0.75 + Math.random() / 2)
    const life = grant === null ? 0 : lifeLeft(grant) - grant.lifetime * MARGIN
    const idle = this.#idleLeft() - (this.#warned ? 0 : this.#warningTime())
    return Math.max(Math.min(life, idle, LONGEST_NAP), SHORTEST_NAP)
  }
}
