import type { ServerResponse } from 'node:http'
import type { SessionEvent } from '@holdfast/core'
import { eventLine } from '../audit/event-line.js'
import { Stream } from '../http/stream.js'
import type { EventSource } from '../parts.js'

export interface EventStreamOptions {
  readonly events: EventSource
  /** Counts events that readers were too slow for. */
  readonly lost: (count: number) => void
  /** Milliseconds between lines that say no more than that the stream is alive. Default 15,000. */
  readonly heartbeat?: number
  /** Bytes that wait for one reader; what comes beyond them is not kept for it. Default 1 MiB. */
  readonly buffer?: number
}

/** Events as they happen, to any number of readers. */
export interface EventStreams {
  /** One reader's answer: events of these names, null for all. */
  open(names: ReadonlySet<string> | null): Stream
  /** Ends all of them. */
  end(): void
}

const HEARTBEAT = 15_000
const BUFFER = 1024 * 1024

export function createEventStreams(options: EventStreamOptions): EventStreams {
  const readers = new Set<ServerResponse>()
  return {
    open: (names) =>
      new Stream('application/jsonl', (response) => {
        // A request for the head alone.
        if (response.req.method === 'HEAD') return void response.end()
        readers.add(response)
        const stop = feed(response, names, options)
        // Not of the answer: one that waits behind another on its connection is never told that it is over.
        response.req.socket.once('close', () => {
          readers.delete(response)
          stop()
        })
      }),
    end: () => {
      for (const response of readers) response.end()
    },
  }
}

/** Writes events to one reader until the returned function is called. */
function feed(
  response: ServerResponse,
  names: ReadonlySet<string> | null,
  { events, lost, heartbeat = HEARTBEAT, buffer = BUFFER }: EventStreamOptions,
): () => void {
  let missed = 0
  /** Whether there is room; what was missed before is said first. */
  const write = (line: string): boolean => {
    if (response.writableEnded || response.writableLength > buffer) return false
    const gap = missed === 0 ? '' : `${JSON.stringify({ type: 'lost', count: missed })}\n`
    missed = 0
    response.write(gap + line)
    return true
  }
  const unsubscribe = events.subscribe((event: SessionEvent) => {
    if ((names !== null && !names.has(event.type)) || write(eventLine(event))) return
    missed += 1
    lost(1)
  })
  const timer = setInterval(() => {
    write(`${JSON.stringify({ at: new Date().toISOString(), type: 'heartbeat' })}\n`)
  }, heartbeat)
  response.on('drain', () => {
    if (missed > 0) write('')
  })
  return () => {
    clearInterval(timer)
    unsubscribe()
  }
}
