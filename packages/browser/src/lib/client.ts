import { Activity } from './activity.js'
import { Channel, type Message } from './channel.js'
import { elapsedSince } from './clock.js'
import { Database } from './database.js'
import { Endpoint } from './endpoint.js'
import { fromOther, type Grant } from './grant.js'
import { Keeper } from './keeper.js'
import { resolveOptions, type BrowserClientOptions } from './options.js'
import type { Parts } from './parts.js'
import { Prover } from './proof.js'
import { Renewal } from './renewal.js'
import { send } from './sender.js'
import { type ClientState, State } from './state.js'
import { Vault } from './vault.js'

/** A browser's side of token sessions. All tabs of one origin that use the same endpoints and client id act as one. */
export interface BrowserClient {
  /** Who is signed in, as far as this tab knows. */
  readonly state: ClientState
  /**
   * `fetch` with the access token, for allowed origins; for others, and while nobody is signed in, plain `fetch`. A token that is
   * over is renewed before, one that is refused (401) once after. The answer is the server's, a repeated 401 included.
   * Redirects are not followed with a token: `ERR_CLIENT_REDIRECT`. Rejects with `ERR_CLIENT_UNAVAILABLE` where a needed
   * renewal is not possible now.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>
  /**
   * Finds out who is signed in: from another tab, or by renewing. Call it when the page loads; `fetch` does if nobody else has.
   * Rejects with `ERR_CLIENT_UNAVAILABLE` while that cannot be learnt, and goes on trying.
   */
  restore(): Promise<ClientState>
  /**
   * Signs in: asks the `issue` endpoint for tokens for the cookie session that the application has just begun; or another address,
   * given with what to post there, such as the application's own sign-in. Rejects with `ERR_CLIENT_REFUSED`.
   */
  signIn(path?: string, init?: RequestInit): Promise<ClientState>
  /**
   * Signs out in all tabs at once, then ends the session on the server. Rejects if the server could not be told: the session lives
   * on then, and a cookie may be left. Call it again, in the same page: with `persist` nothing else knows the token any more.
   */
  signOut(): Promise<void>
  /** Says that the user is there although no key and no pointer moves, such as while a film plays. */
  reportActivity(): void
  /** Calls `listener` when somebody signs in, also in another tab or as somebody else, and when nobody is signed in any more. */
  listen(listener: (state: ClientState) => void): () => void
  /** Stops everything: timers, listeners, the channel. It signs nobody out. */
  close(): void
}

/**
 * Makes the client. It needs a secure context (HTTPS or localhost). Throws a TypeError for wrong options.
 *
 * Keeps the access token in memory, and nothing in localStorage or sessionStorage.
 */
export function createTokenClient(options: BrowserClientOptions): BrowserClient {
  return new Client(options)
}

class Client implements BrowserClient {
  readonly #parts: Parts
  readonly #renewal: Renewal
  readonly #keeper: Keeper
  readonly #closing = new AbortController()

  constructor(given: BrowserClientOptions) {
    const options = resolveOptions(given)
    // The last part is the version of what tabs tell one another and keep.
    const name = `holdfast ${options.endpoints} ${options.clientId} 1`
    const database = new Database(name)
    const prover = options.dpop ? new Prover(database) : null
    const { signal } = this.#closing
    this.#parts = {
      options,
      name,
      database,
      prover,
      signal,
      state: new State(),
      channel: new Channel(name, (message) => this.#receive(message)),
      activity: new Activity(() => this.#onActivity(), signal),
      endpoint: new Endpoint(options, prover),
      vault: options.persist ? new Vault(database) : null,
    }
    this.#renewal = new Renewal(this.#parts)
    this.#keeper = new Keeper(this.#parts, this.#renewal)
    this.#parts.state.listen(this.#keeper.wake)
    this.#onActivity()
    addEventListener('pagehide', () => this.#parts.channel.close(), { signal })
    addEventListener('pageshow', (event) => event.persisted && this.#comeBack(), { signal })
  }

  get state(): ClientState {
    return this.#parts.state.public
  }

  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    return send(this.#parts, () => this.#keeper.renew(), new Request(input, init))
  }

  async restore(): Promise<ClientState> {
    if (this.state.status === 'unknown') await this.#keeper.renew()
    return this.state
  }

  async signIn(path?: string, init: RequestInit = {}): Promise<ClientState> {
    await this.#renewal.signIn(() => this.#parts.endpoint.signIn(path, init))
    return this.state
  }

  signOut(): Promise<void> {
    return this.#renewal.signOut((refreshToken) => this.#parts.endpoint.revoke(refreshToken))
  }

  reportActivity(): void {
    this.#parts.activity.pending = true
    this.#onActivity()
  }

  listen(listener: (state: ClientState) => void): () => void {
    return this.#parts.state.listen(listener)
  }

  close(): void {
    this.#closing.abort()
    this.#parts.channel.close()
  }

  #onActivity(): void {
    this.#parts.channel.send({ kind: 'active' })
    this.#keeper.wake()
  }

  #receive(message: Message): void {
    const { state, channel, activity } = this.#parts
    switch (message.kind) {
      case 'ask':
        if (state.grant !== null)
          channel.send({ kind: 'grant', grant: state.grant, fresh: false, counted: false })
        return
      case 'grant':
        if (message.counted) activity.pending = false
        this.#hear(fromOther(message.grant), message.fresh)
        break
      case 'end':
        state.end(message.reason)
        break
      case 'busy':
        this.#renewal.pause(message.wait)
        break
      case 'active':
        activity.pending = true
        break
    }
    this.#keeper.wake()
  }

  /** Takes over what another tab was given, if it is newer than what this one has. */
  #hear(grant: Grant, fresh: boolean): void {
    const { state } = this.#parts
    const { grant: own, public: known } = state
    // A renewal that was on its way when the user signed out brings nobody back.
    if (!fresh && known.status === 'signed-out') return
    if (own !== null && elapsedSince(own.askedAt) <= elapsedSince(grant.askedAt)) return
    state.adopt(grant, fresh)
  }

  /** A page that comes back from the browser's cache has heard nothing meanwhile, of a sign-in neither: it asks again. */
  #comeBack(): void {
    this.#parts.channel.open()
    this.#parts.state.forget()
    this.reportActivity()
  }
}
