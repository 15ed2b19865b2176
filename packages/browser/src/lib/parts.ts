import type { Activity } from './activity.js'
import type { Channel } from './channel.js'
import type { Database } from './database.js'
import type { Endpoint } from './endpoint.js'
import type { ResolvedOptions } from './options.js'
import type { Prover } from './proof.js'
import type { State } from './state.js'
import type { Vault } from './vault.js'

/** What a client is made of. */
export interface Parts {
  readonly options: ResolvedOptions
  /** Of the lock that tabs share. */
  readonly name: string
  readonly state: State
  /** Aborts when the client is closed. */
  readonly signal: AbortSignal
  readonly database: Database
  readonly channel: Channel
  readonly activity: Activity
  readonly endpoint: Endpoint
  /** Null without DPoP. */
  readonly prover: Prover | null
  /** Null where a cookie keeps the refresh token. */
  readonly vault: Vault | null
}
