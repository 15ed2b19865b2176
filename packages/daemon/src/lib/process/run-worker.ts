import { once } from 'node:events'
import type { KeyInput } from '@holdfast/core'
import { createParts, type OwnParts } from '../create-parts.js'
import { workerDoors } from '../doors.js'
import { createMetrics } from '../metrics/metrics.js'
import type { Door } from '../parts.js'
import { relayEvents } from './event-relay.js'
import {
  type FromWorker,
  type InheritedSocket,
  isEnvelope,
  type ToWorker,
  wrap,
} from './messages.js'
import { sayTo } from './say.js'

/** The primary process decides when a worker ends; a terminal and systemd may tell all processes at once. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What a worker process does: it answers at the sockets that it has inherited, as long as the primary process is there. */
export function runWorker(): void {
  for (const signal of SIGNALS) process.on(signal, () => undefined)
  const log = sayTo(process.stderr)
  let running: Promise<Running> | null = null
  let last: Promise<void> = Promise.resolve()
  process.on('message', (envelope: unknown) => {
    if (!isEnvelope<ToWorker>(envelope)) return
    const message = envelope.holdfast
    if (message.kind === 'start') running = start(message, log)
    const present = running
    if (present === null) return
    // In the order in which they came: a ring that comes while the worker starts is newer than the one it started with.
    last = last.then(() => obey(present, message)).catch(refuse)
  })
  // Who does not know which keys are in force must not answer.
  process.on('disconnect', () => process.exit(0))
  send({ kind: 'hello' })
}

interface Running {
  readonly parts: OwnParts
  readonly doors: readonly Door[]
  /** Sends the events that wait for more. */
  readonly flushEvents: () => void
}

async function start(
  { settings, ring, sockets }: Extract<ToWorker, { readonly kind: 'start' }>,
  log: (text: string) => void,
): Promise<Running> {
  const metrics = createMetrics()
  const parts = await createParts(settings, { keys: ring, sweeps: false, metrics, log })
  const flushEvents = relayEvents(parts.sessions, send)
  const known = workerDoors(parts)
  const doors = await Promise.all(sockets.map((socket) => openDoor(known, socket)))
  return { parts, doors, flushEvents }
}

async function openDoor(
  known: ReadonlyMap<string, () => Door>,
  { name, fd }: InheritedSocket,
): Promise<Door> {
  const door = known.get(name)?.()
  if (door === undefined) throw new Error(`there is no door ${name}`)
  door.server.listen({ fd })
  await once(door.server, 'listening')
  return door
}

async function obey(running: Promise<Running>, message: ToWorker): Promise<void> {
  const present = await running
  const { parts } = present
  switch (message.kind) {
    case 'start':
      return send({ kind: 'ready' })
    case 'keys':
      return takeKeys(parts, message.number, message.ring)
    case 'report': {
      const report = await parts.metrics.report()
      return send({ kind: 'report', number: message.number, report })
    }
    default:
      // Not waited for: while it finishes what it has, it must take keys and tell its counters.
      void leave(present, message.patience).catch(refuse)
  }
}

async function leave({ parts, doors, flushEvents }: Running, patience: number): Promise<never> {
  await Promise.all(doors.map((door) => door.drain(patience)))
  await parts.close()
  flushEvents()
  await say({ kind: 'last', report: await parts.metrics.report() })
  // What is left are timers and the channel of messages.
  process.exit(0)
}

function takeKeys({ sessions }: OwnParts, number: number, ring: readonly KeyInput[]): void {
  sessions.setKeys(ring)
  send({ kind: 'taken', number })
}

function refuse(error: unknown): void {
  const why = error instanceof Error ? error.message : 'for an unknown reason'
  send({ kind: 'refused', why }, () => process.exit(1))
}

/** Resolves when it has been sent. */
function say(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    send(message, () => resolve())
  })
}

function send(message: FromWorker, sent: () => void = () => undefined): void {
  process.send?.(wrap(message), undefined, undefined, sent)
}
