import { pause } from '../time.js'
import type { Reach } from './verdict.js'

/** One kind of trouble that a store can have. */
export interface Trouble {
  readonly name: string
  /** What can still be done meanwhile; what cannot must be refused. */
  readonly reach: Reach
  /** Begins it; returns once it lasts. */
  readonly begin: () => Promise<void> | void
  /** Ends it; returns once the store could be reached again. */
  readonly end: () => Promise<void> | void
}

/** Nothing is answered. */
export const GONE: Reach = { reads: 'refused', writes: 'refused' }
/** Nothing can be changed. */
export const UNCHANGEABLE: Reach = { reads: 'served', writes: 'refused' }
/** Now and then a call gets through. */
export const PATCHY: Reach = { reads: 'either', writes: 'either' }
/** It must not be noticed. */
export const WELL: Reach = { reads: 'served', writes: 'served' }

/** Trouble that is made again and again while it lasts. */
export function repeated(
  every: number,
  make: () => Promise<unknown> | void,
): Pick<Trouble, 'begin' | 'end'> {
  const stop: (() => Promise<void>)[] = []
  return {
    begin: () => {
      stop.push(again(every, make))
    },
    end: () => stop.pop()?.(),
  }
}

/** Begins; what it gives ends it. */
function again(every: number, make: () => Promise<unknown> | void): () => Promise<void> {
  const ending = new AbortController()
  const goOn = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await make()
      await pause(every)
    }
  }
  const going = goOn()
  return () => {
    ending.abort()
    return going
  }
}
