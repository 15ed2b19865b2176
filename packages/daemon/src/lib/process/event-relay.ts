import type { SessionEvent, Sessions } from '@holdfast/core'
import type { FromWorker } from './messages.js'

/** Events of one turn that are kept for sending; an attack with junk makes one for each request. */
const MOST = 1_000
/** Messages that the primary process has not read yet; beyond that it is too busy for more. */
const MOST_ON_THE_WAY = 32
const PAUSE = 20

/**
 * Sends the events of a worker to the primary process, many in one message. What there is no room for is counted and said, so that
 * neither process ever holds more than a bounded number. `send` calls back when a message has left. What is returned sends what is
 * left at the end.
 */
export function relayEvents(
  sessions: Sessions,
  send: (message: FromWorker, sent: () => void) => void,
): () => void {
  let events: SessionEvent[] = []
  let lost = 0
  let onTheWay = 0
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    onTheWay++
    send({ kind: 'events', events, lost }, () => {
      onTheWay--
    })
    events = []
    lost = 0
  }
  const due = (): void => {
    timer = undefined
    if (onTheWay >= MOST_ON_THE_WAY) return wait()
    flush()
  }
  const wait = (): void => {
    timer ??= setTimeout(due, PAUSE)
  }
  sessions.on('*', (event) => {
    if (events.length < MOST) events.push(sendable(event))
    else lost++
    wait()
  })
  return flush
}

/** The error of a listener may be anything, also what cannot be sent. */
function sendable(event: SessionEvent): SessionEvent {
  if (event.type !== 'listener_failed') return event
  const { error } = event
  return { ...event, error: error instanceof Error ? error.name : 'unknown' }
}
