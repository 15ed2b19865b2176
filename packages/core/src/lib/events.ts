/** Why a presented token was not honoured. The client always sees the same: no session. */
export type RejectionReason =
  | 'malformed'
  | 'ambiguous'
  | 'unknown'
  | 'wrong_verifier'
  | 'idle_expired'
  | 'absolute_expired'
  | 'revoked'
  | 'superseded'
  | 'binding_mismatch'

interface EventFields {
  session_created: { readonly sessionId: string; readonly subject: string | null }
  session_authenticated: {
    readonly sessionId: string
    readonly subject: string
    readonly again: boolean
  }
  session_renewed: { readonly sessionId: string; readonly subject: string | null }
  session_expired: {
    readonly sessionId: string
    readonly subject: string | null
    readonly reason: 'idle_expired' | 'absolute_expired'
  }
  session_revoked: {
    /** Null where more than one session was meant. */
    readonly sessionId: string | null
    /** Null where everyone was meant, or the session was anonymous. */
    readonly subject: string | null
    readonly target: 'session' | 'subject' | 'everyone'
    readonly reason: string
    /** How many live sessions ended; null for everyone. */
    readonly count: number | null
  }
  /** A token was presented and not honoured; `sessionId` is null where the token was not ours. */
  session_rejected: {
    readonly sessionId: string | null
    readonly subject: string | null
    readonly reason: RejectionReason
  }
  /** A superseded token came back after its grace; its session has been revoked. */
  token_reuse: { readonly sessionId: string; readonly subject: string | null }
  /** A client was given its first refresh token on a session. */
  token_issued: {
    readonly sessionId: string
    readonly subject: string | null
    readonly clientId: string
    readonly grantId: string
  }
  /** A refresh token was replaced; `again`: its successor was handed out once more. */
  token_refreshed: {
    readonly sessionId: string
    readonly subject: string | null
    readonly clientId: string
    readonly grantId: string
    readonly again: boolean
  }
  /** A client's tokens were revoked; its session may go on. */
  token_revoked: {
    readonly sessionId: string
    readonly subject: string | null
    readonly clientId: string
    readonly grantId: string
  }
  /** A refresh, access or single-use token was presented and not honoured; what is not known of it is null. */
  token_rejected: {
    readonly sessionId: string | null
    readonly subject: string | null
    readonly clientId: string | null
    readonly reason: string
  }
  /** A sign-in went over the limit: it was refused, or these sessions were ended for it. */
  excess_sessions_exceeded: {
    readonly subject: string
    readonly outcome: 'rejected' | 'evicted'
    readonly sessionIds: readonly string[]
  }
  /** A write was refused because its session had ended. */
  session_write_refused: { readonly sessionId: string; readonly subject: string | null }
  /** An unsafe request was refused: another site may have sent it (session unknown), or its CSRF token was no good. */
  csrf_refused: {
    readonly sessionId: string | null
    readonly subject: string | null
    /** `csrf_token`, or why the origin check said no. */
    readonly reason: string
  }
  store_failed: { readonly store: string; readonly operation: string; readonly code: string }
  /** The push channel of a shared store went down or came back. */
  store_channel: { readonly store: string; readonly healthy: boolean }
  /** A listener threw or rejected; the error is its own. */
  listener_failed: { readonly event: string; readonly error: unknown }
}

/** What every event carries beside its own fields. Never a token, a verifier or session data. */
interface EventBase<Name> {
  readonly type: Name
  /** Epoch milliseconds, UTC. */
  readonly at: number
  readonly tenant: string | null
  /** What is known of the device, as far as the `client` option lets it be kept; null outside a request. */
  readonly client: EventClient | null
}

/** The device of an event. */
export interface EventClient {
  readonly address: string | null
  readonly userAgent: string | null
}

export type SessionEventName = keyof EventFields

/** The event of one name, or of any. */
export type SessionEvent<Name extends SessionEventName = SessionEventName> = {
  [N in Name]: EventBase<N> & EventFields[N]
}[Name]

/** Is called with each event; what it throws or rejects with affects nothing but itself. */
export type SessionListener<Name extends SessionEventName = SessionEventName> = (
  event: SessionEvent<Name>,
) => unknown

type AnyListener = (event: SessionEvent) => unknown

/** Hands events to listeners. */
export class Events {
  readonly #listeners = new Map<SessionEventName | '*', Set<AnyListener>>()
  readonly #now: () => number
  readonly #tenant: string | null

  constructor(now: () => number, tenant: string | null) {
    this.#now = now
    this.#tenant = tenant
  }

  /** Calls `listener` for each event of this name, `'*'` for all; the returned function ends it. */
  on(name: SessionEventName | '*', listener: AnyListener): () => void {
    if (typeof listener !== 'function') throw new TypeError('listener must be a function')
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => {
      listeners.delete(listener)
    }
  }

  /** Whether anybody listens: if not, an event need not be put together. */
  get active(): boolean {
    return this.#listeners.size > 0
  }

  emit<Name extends SessionEventName>(
    type: Name,
    fields: EventFields[Name],
    client: EventClient | null = null,
  ): void {
    if (!this.active) return
    const base = {
      type,
      at: this.#now(),
      tenant: this.#tenant,
      client: client && Object.freeze(client),
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `fields` are those of `type`, which the compiler cannot follow
    const event = Object.freeze({ ...base, ...fields }) as unknown as SessionEvent
    for (const name of [type, '*'] as const) {
      for (const listener of this.#listeners.get(name) ?? []) this.#call(listener, event)
    }
  }

  #call(listener: AnyListener, event: SessionEvent): void {
    try {
      const result = listener(event)
      if (result instanceof Promise) result.catch((error: unknown) => this.#failed(event, error))
    } catch (error) {
      this.#failed(event, error)
    }
  }

  #failed(event: SessionEvent, error: unknown): void {
    if (event.type !== 'listener_failed') this.emit('listener_failed', { event: event.type, error })
  }
}
