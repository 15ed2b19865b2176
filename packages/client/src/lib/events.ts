import type { DaemonEvent } from './admin.js'
import { DaemonError } from './errors.js'

/** Lines that the daemon sends to show that it is there. */
const HEARTBEAT = 'heartbeat'
/** No event is near so long; what has no end must not be kept. */
const LONGEST_LINE = 1024 * 1024

/** The events of a stream of JSON lines, one by one. Lines that are none are left out. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<DaemonEvent> {
  for await (const line of linesOf(body)) {
    const event = parseEvent(line)
    if (event !== null && event.type !== HEARTBEAT) yield event
  }
}

/** Not by `node:readline`, which leaves the connection open, and its errors to nobody, where the reader stops early. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n')
    lines[0] = rest + (lines[0] ?? '')
    rest = lines.pop() ?? ''
    yield* lines
    if (rest.length > LONGEST_LINE)
      throw new DaemonError(
        'ERR_DAEMON_ANSWER',
        'a line of the daemon is longer than any of an event',
      )
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
