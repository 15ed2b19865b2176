import type { SessionEvent } from '@holdfast/core'

type Listener = (event: SessionEvent) => void

/** Hands the events of all processes to those who follow them here. */
export interface EventHub {
  /** Calls `listener` with each event until the function that is returned is called. */
  subscribe(listener: Listener): () => void
  publish(event: SessionEvent): void
}

export function createEventHub(): EventHub {
  const listeners = new Set<Listener>()
  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    publish: (event) => {
      for (const listener of listeners) listener(event)
    },
  }
}
