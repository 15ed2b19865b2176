import type { StoreConfig } from './stores.js'

/** What a worker is told when it is forked. */
export interface WorkerConfig {
  readonly worker: number
  readonly seed: number
  readonly history: string
  readonly store: StoreConfig
  /** Operations in flight at once. */
  readonly lanes: number
  /** Longest pause of a lane between two operations, in milliseconds. */
  readonly pause: number
}

/** A session as workers tell each other of it. The token goes from process to process and to no file. */
export interface Known {
  readonly id: string
  readonly subject: string
  readonly token: string
  /** The one worker that rotates it and takes the cookies of its responses. */
  readonly owner: number
}

export type ToWorker =
  | { readonly kind: 'start'; readonly config: WorkerConfig }
  | { readonly kind: 'session'; readonly session: Known }
  | { readonly kind: 'ended'; readonly id: string }
  /** From now on the worker's clock is off by so many milliseconds. */
  | { readonly kind: 'clock'; readonly offset: number }
  | { readonly kind: 'stop' }

export type FromWorker =
  | { readonly kind: 'ready' }
  | Extract<ToWorker, { readonly kind: 'session' | 'ended' }>
