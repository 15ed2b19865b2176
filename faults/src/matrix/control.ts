import { now, pause } from '../time.js'
import { COLUMNS, PING } from './messages.js'
import type { Site } from './site.js'
import { ask } from './visitor.js'

const EVERY = 50

/**
 * Asks for a page without a session until it is told to stop, and gives how long after its due instant each was there: what
 * the machine, the application's process and this one are late by is no part of a refusal.
 */
export function control(site: Site): () => Promise<readonly number[]> {
  const ending = new AbortController()
  const times: number[] = []
  const goOn = async (port: number): Promise<void> => {
    let due = now()
    while (!ending.signal.aborted) {
      await ask({ port, method: 'GET', path: PING, cookie: null }).then(
        () => times.push(now() - due),
        () => undefined,
      )
      due = Math.max(due + EVERY, now())
      await pause(due - now())
    }
  }
  const going = Promise.all(COLUMNS.map((column) => goOn(site.port(column))))
  return async () => {
    ending.abort()
    await going
    return times
  }
}
