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
}

export function heldClient(inner: Whole): HeldClient {
  let held: Script | null = null
  let arrived = (): void => undefined
  let release = (): void => undefined
  let gate: Promise<void> = Promise.resolve()
  const client: Whole = {
    async callBuffer(command, ...args) {
      const [first] = args
      if (held !== null && (first === held.digest || first === held.source)) {
        arrived()
        await gate
      }
      return inner.callBuffer(command, ...args)
    },
    pipeline: () => inner.pipeline(),
    duplicate: () => inner.duplicate(),
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
