import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { DaemonEvent } from './admin.js'

/** Lines that the daemon sends to show that it is there. */
const HEARTBEAT = 'heartbeat'

/** The events of a stream of JSON lines, one by one. Lines that are none are left out. */
export async function* readEvents(body: Readable): AsyncGenerator<DaemonEvent> {
  for await (const line of createInterface({ input: body, crlfDelay: Infinity })) {
    const event = parseEvent(line)
    if (event !== null && event.type !== HEARTBEAT) yield event
  }
}

function parseEvent(line: string): DaemonEvent | null {
  try {
    const value: unknown = JSON.parse(line)
    return isEvent(value) ? value : null
  } catch {
    return null
  }
}

function isEvent(value: unknown): value is DaemonEvent {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
  )
}
