import type { Server } from 'node:net'
import type { Sessions } from '@holdfast/core'
import type { AssertionKey } from '@holdfast/protocol'
import type { Settings } from './settings.js'

/** What every door of one process works with. */
export interface DaemonParts {
  readonly settings: Settings
  readonly sessions: Sessions
  /** Whether the store answers, as far as is known: what `/readyz` says. */
  readonly isReady: () => boolean
  /** The keys of an application's assertions, newest first. They follow the key ring. */
  readonly assertionKeys: (app: string) => readonly AssertionKey[]
  /** Says something to the operator: one line on standard error, without secrets. */
  readonly log: (text: string) => void
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

/** What administrators may do beyond sessions; the primary process does it. */
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
