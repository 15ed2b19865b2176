import type { Server } from 'node:net'
import type { SessionEvent, Sessions } from '@holdfast/core'
import type { AssertionKey } from '@holdfast/protocol'
import type { Metrics } from './metrics/metrics.js'
import type { PublicKeys } from './public-keys.js'
import type { Settings } from './settings.js'

/** What every door of one process works with. Of the primary's parts, those may change that a reload changes: its doors keep none. */
export interface DaemonParts {
  readonly settings: Settings
  readonly sessions: Sessions
  /** Whether the store answers, as far as is known: what `/readyz` says. */
  readonly isReady: () => boolean
  /** The keys of an application's assertions, newest first. They follow the key ring. */
  readonly assertionKeys: (app: string) => readonly AssertionKey[]
  /** The published keys of access tokens; null where no folder of them is configured. */
  readonly jwks: PublicKeys | null
  /** What happens in all processes of the daemon; in a worker, what happens in this one. */
  readonly events: EventSource
  /** The counters of this process. */
  readonly metrics: Metrics
  /** The counters of all processes, as Prometheus reads them. */
  readonly metricsText: () => Promise<string>
  /** Says something to the operator: one line on standard error, without secrets. */
  readonly log: (text: string) => void
}

/** Calls each listener with each event, until the function that `subscribe` returned is called. Listeners do not throw. */
export interface EventSource {
  subscribe(listener: (event: SessionEvent) => void): () => void
}

/** One server that does not listen yet. The process that owns it listens, and drains it before it ends. */
export interface Door {
  readonly server: Server
  /**
   * Answers what is under way, and says `Connection: close` in each answer. Connections that say nothing are closed after a moment;
   * resolves when there are none left, or after `patience` milliseconds, when those that are left are cut.
   */
  drain(patience: number): Promise<void>
}

/**
 * What administrators may do beyond sessions; the primary process does it. What may not be done now is `ERR_SESSION_CONFIG`, which is
 * answered with 409 and its message: it names no secret.
 */
export interface Control {
  keys(): Promise<KeyList>
  /** A new key, which signs from now on. Throws `ERR_SESSION_CONFIG` where the keys are the operator's own. */
  rotateKeys(): Promise<KeyList>
  /** Forgets a key. Throws for the one that signs, and for one that is not known. */
  retireKey(id: string): Promise<KeyList>
  /** Reads the configuration again. Throws what is wrong with it; nothing has changed then. */
  reload(): Promise<DaemonStatus>
  status(): Promise<DaemonStatus>
}

export interface KeyList {
  readonly managed: boolean
  readonly keys: readonly {
    readonly id: string
    readonly createdAt: number | null
    readonly signs: boolean
  }[]
}

export interface DaemonStatus {
  readonly version: string
  readonly startedAt: number
  readonly workers: number
  readonly store: string
  readonly ready: boolean
}
