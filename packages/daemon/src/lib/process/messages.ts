import type { KeyInput, SessionEvent } from '@holdfast/core'
import type { MetricsReport } from '../metrics/metrics.js'
import type { Settings } from '../settings.js'

/** A socket that a worker has inherited, by the name of its door. */
export interface InheritedSocket {
  readonly name: string
  readonly fd: number
}

/** What the primary process tells a worker. */
export type ToWorker =
  | {
      readonly kind: 'start'
      readonly settings: Settings
      readonly ring: readonly KeyInput[]
      readonly sockets: readonly InheritedSocket[]
    }
  | { readonly kind: 'keys'; readonly number: number; readonly ring: readonly KeyInput[] }
  | { readonly kind: 'report'; readonly number: number }
  | { readonly kind: 'drain'; readonly patience: number }

/** What a worker tells the primary process. */
export type FromWorker =
  | { readonly kind: 'hello' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'taken'; readonly number: number }
  | { readonly kind: 'report'; readonly number: number; readonly report: MetricsReport }
  /** The last of a worker that ends. */
  | { readonly kind: 'last'; readonly report: MetricsReport }
  | {
      readonly kind: 'events'
      readonly events: readonly SessionEvent[]
      /** Events before these that there was no room for. */
      readonly lost: number
    }

const MARK = 'holdfast'

/** A message as it is sent: libraries may use the same channel. */
export interface Envelope<Message> {
  readonly [MARK]: Message
}

export function wrap<Message>(message: Message): Envelope<Message> {
  return { [MARK]: message }
}

/** Whether a message is of this daemon. Both ends are, so that what is in it needs no proof. */
export function isEnvelope<Message extends ToWorker | FromWorker>(
  value: unknown,
): value is Envelope<Message> {
  return typeof value === 'object' && value !== null && MARK in value
}
