import type { CheckCache } from './check-cache.js'
import type { ClientRules } from './client.js'
import type { Combiner } from './combiner.js'
import type { CsrfTokens } from './csrf.js'
import type { DataRules } from './data-options.js'
import type { Events } from './events.js'
import type { GuardedStore } from './guarded-store.js'
import type { KeyRing } from './key-ring.js'
import type { Policy } from './policy.js'
import type { RandomText } from './random.js'
import type { Clock } from './time.js'

/** What the parts of one manager share. */
export interface Engine {
  readonly policy: Policy
  readonly dataRules: DataRules
  readonly clientRules: ClientRules
  readonly store: GuardedStore
  readonly cache: CheckCache
  readonly combiner: Combiner
  readonly csrf: CsrfTokens
  readonly keys: KeyRing
  readonly tenant: string | null
  readonly events: Events
  readonly random: RandomText
  readonly now: Clock
}

/** What a transport knows of one request. Read lazily: an implementation may compute each part when it is asked for. */
export interface RequestFacts {
  /** The one token that the request presents; null if none, or none that could be chosen. */
  readonly token: string | null
  /** Why no token could be chosen although something was presented. */
  readonly rejection: 'malformed' | 'ambiguous' | null
  /** IP address of the client, as far as it is known. */
  readonly address: string | null
  readonly userAgent: string | null
  /** Whether the request moves the idle deadline; false for background polling (PCI DSS 8.2.8). */
  readonly countsAsActivity: boolean
  /** Why no token may leave with the response, such as plain HTTP; null if it may. */
  readonly refusal: string | null
}

/**
 * Whoever wants to know that a request has something to write. An object, for a transport to be it itself: a closure kept by
 * each request's session tripled what a check costs, in garbage collection (decision 012).
 */
export interface PendingWatcher {
  pending(): void
}

/** Facts of a check that no request stands behind. */
export class NoRequest implements RequestFacts {
  readonly token: string | null
  readonly rejection = null
  readonly address = null
  readonly userAgent = null
  readonly countsAsActivity = true
  readonly refusal = null

  constructor(token: string | null) {
    this.token = token
  }
}
