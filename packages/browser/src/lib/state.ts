import type { Grant } from './grant.js'

/**
 * Whether somebody is signed in here. `unknown` until the server or another tab has said so, and again where nobody was and the
 * page comes back from the browser's cache.
 */
export interface ClientState {
  readonly status: 'unknown' | 'signed-in' | 'signed-out'
  /** Public id of the session while signed in, where the server names it. */
  readonly sessionId: string | null
  /**
   * Why nobody is signed in any more: `'sign_out'` here or in another tab, otherwise what the server says, such as
   * `'token_reuse'`. Null where nobody was signed in, or the server gives no reason.
   */
  readonly reason: string | null
}

const UNKNOWN: ClientState = { status: 'unknown', sessionId: null, reason: null }

type Listener = (state: ClientState) => void

/** Who is signed in, in this tab. The access token is here and nowhere else: in memory. */
export class State {
  readonly #listeners = new Set<Listener>()
  #grant: Grant | null = null
  #public = UNKNOWN
  #version = 0
  #changed = (): void => undefined

  get grant(): Grant | null {
    return this.#grant
  }

  get public(): ClientState {
    return this.#public
  }

  /** Another number after each change: whoever waited can tell whether the question still stands. */
  get version(): number {
    return this.#version
  }

  /** Calls `listener` at each sign-in and each end, not at renewals. Returns what stops that. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves at the next change, or after `patience` milliseconds. For one at a time: who holds the lock. */
  change(patience: number): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve
      setTimeout(resolve, patience)
    })
  }

  /** Takes a grant over; `fresh` when somebody has just signed in, who may be somebody else. */
  adopt(grant: Grant, fresh: boolean): void {
    const { status, sessionId } = this.#public
    this.#set(grant)
    if (fresh || status !== 'signed-in' || sessionId !== grant.sessionId)
      this.#publish({ status: 'signed-in', sessionId: grant.sessionId, reason: null })
  }

  end(reason: string | null): void {
    this.#set(null)
    if (this.#public.status !== 'signed-out')
      this.#publish({ status: 'signed-out', sessionId: null, reason })
  }

  /**
   * For a page that comes back from the browser's cache: forgets the token, and that nobody was signed in, but not who was. The
   * listeners are told of what is learnt then.
   */
  forget(): void {
    this.#set(null)
    if (this.#public.status === 'signed-out') this.#public = UNKNOWN
  }

  #set(grant: Grant | null): void {
    this.#grant = grant
    this.#version++
    this.#changed()
  }

  #publish(state: ClientState): void {
    this.#public = state
    // Each by itself: one listener's mistake keeps neither the others nor the client from their work.
    for (const listener of this.#listeners) queueMicrotask(() => listener(state))
  }
}
