import type { IoredisClient } from '../../src/index.js'
import type { Script } from '../../src/lib/driver.js'

/** A client that can be told to keep one script back, as a slow network or a process that stands still would. */
export interface HeldClient {
  readonly client: IoredisClient
  /** From now on, this script waits. The promise resolves once it is being kept back. */
  hold(script: Script): Promise<void>
  /** Lets go what was kept back. */
  release(): void
}

interface Whole extends IoredisClient {
  subscribe(...channels: string[]): unknown
  duplicate(override?: object): Whole
}

export function heldClient(inner: Whole): HeldClient {
  let held: Script | null = null
  let arrived = (): void => undefined
  let release = (): void => undefined
  let gate: Promise<void> = Promise.resolve()
  const passes = async (first: unknown): Promise<void> => {
    if (held === null || (first !== held.digest && first !== held.source)) return
    arrived()
    await gate
  }
  const holding =
    (call: IoredisClient['callBuffer']): IoredisClient['callBuffer'] =>
    async (command, ...args) => {
      await passes(args[0])
      return call(command, ...args)
    }
  const client: Whole = {
    callBuffer: holding((command, ...args) => inner.callBuffer(command, ...args)),
    pipeline: () => inner.pipeline(),
    // The store writes on a connection of its own.
    duplicate(override) {
      const copy = inner.duplicate(override)
      copy.callBuffer = holding(copy.callBuffer.bind(copy))
      return copy
    },
    subscribe: (...channels) => inner.subscribe(...channels),
    disconnect: () => undefined,
  }
  return {
    client,
    hold(script) {
      held = script
      gate = new Promise((resolve) => {
        release = resolve
      })
      return new Promise((resolve) => {
        arrived = resolve
      })
    },
    release() {
      held = null
      release()
    },
  }
}
