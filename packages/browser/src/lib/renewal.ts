import { elapsedSince, type Moment, momentAgo } from './clock.js'
import type { Answer } from './endpoint.js'
import { BrowserClientError, unavailable, waitOf } from './errors.js'
import type { Grant } from './grant.js'
import { withLock } from './lock.js'
import type { Parts } from './parts.js'

/** How long other tabs have to answer: a tab that knows nothing yet need not find any, a renewal is known to some tab. */
const NEWCOMER = 100
const KNOWN = 1_000
const GENERATION = 'generation'

/** Renews for all tabs: one at a time, and once. */
export class Renewal {
  readonly #parts: Parts
  #running: Promise<void> | null = null
  /** What the server has to be told of: the refresh tokens of sign-outs, null for the cookie's. In memory alone. */
  readonly #leaving = new Set<string | null>()
  #busyUntil: { readonly since: Moment; readonly wait: number } | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Resolves when this tab has another grant than before, or knows that the session has ended. Rejects with
   * `ERR_CLIENT_UNAVAILABLE` if neither could be learnt: nothing has changed then.
   */
  renew(): Promise<void> {
    this.#running ??= this.#renew().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Gives a sign-in's answer to all tabs. */
  async signIn(ask: () => Promise<Answer>): Promise<void> {
    await this.#locked(async () => {
      this.#parts.activity.pending = false
      await this.#accept(await ask(), { fresh: true, counted: true })
    })
  }

  /** Signs all tabs out, at once; `tell` then tells the server, also of earlier sign-outs of which it could not be told. */
  async signOut(tell: (refreshToken: string | null) => Promise<void>): Promise<void> {
    this.#end('sign_out')
    await this.#locked(async () => {
      // Again: a sign-in may have had the lock before.
      this.#end('sign_out')
      const { vault } = this.#parts
      const refreshToken = vault && (await vault.load())
      if (vault === null || refreshToken !== null) this.#leaving.add(refreshToken)
      await this.#clear()
      for (const token of this.#leaving) {
        await tell(token)
        this.#leaving.delete(token)
      }
    })
  }

  /** The server wants to be left alone. */
  pause(wait: number): void {
    this.#busyUntil = { since: momentAgo(0), wait }
  }

  async #renew(): Promise<void> {
    const { state } = this.#parts
    const { version, grant } = state
    await this.#locked(async () => {
      if (state.version !== version || (await this.#askOthers(version, grant))) return
      this.#leaveAlone()
      await this.#askServer()
    })
  }

  #locked(work: () => Promise<void>): Promise<void> {
    return withLock(this.#parts.name, this.#parts.database, work)
  }

  /** Whether another tab has renewed, or knows more than this one at `version`, and has said so. */
  async #askOthers(version: number, grant: Grant | null): Promise<boolean> {
    const { state, channel, database } = this.#parts
    const latest = await database.get(GENERATION).catch(() => undefined)
    // Otherwise nobody is ahead of us, or nobody was ever signed in here.
    const isBehind = latest !== undefined && latest !== grant?.generation
    // The others may have said it while we read.
    if (isBehind && state.version === version) {
      const changed = state.change(grant === null ? NEWCOMER : KNOWN)
      channel.send({ kind: 'ask' })
      await changed
    }
    return state.version !== version
  }

  #leaveAlone(): void {
    const busy = this.#busyUntil
    const left = busy === null ? 0 : busy.wait - elapsedSince(busy.since)
    if (left > 0) throw unavailable({ wait: left })
    this.#busyUntil = null
  }

  async #askServer(): Promise<void> {
    const { activity, endpoint, vault, state } = this.#parts
    const counted = activity.pending
    activity.pending = false
    try {
      const token = vault && (await vault.load())
      const nothing: Answer = { grant: null, reason: null }
      const gone = vault !== null && token === null
      const answer = gone ? nothing : await endpoint.renew(token, counted)
      // Signed out meanwhile: who waits for the lock now clears what is stored, and tells the server.
      if (state.public.status === 'signed-out') return
      await this.#accept(answer, { fresh: false, counted })
    } catch (error) {
      activity.pending ||= counted
      this.#tellBusy(error)
      throw error
    }
  }

  #tellBusy(error: unknown): void {
    const wait = waitOf(error) ?? 0
    if (wait === 0) return
    this.pause(wait)
    this.#parts.channel.send({ kind: 'busy', wait })
  }

  async #accept(
    answer: Answer,
    how: { readonly fresh: boolean; readonly counted: boolean },
  ): Promise<void> {
    const { state, channel, database, vault } = this.#parts
    if (answer.grant === null) {
      this.#end(answer.reason)
      await this.#clear()
      return
    }
    const { grant, refreshToken } = answer
    if (vault !== null && refreshToken !== null) await vault.save(refreshToken)
    else if (vault !== null || refreshToken !== null) misconfigured()
    // Before the lock is free: the next tab then knows that there is something to ask the others for.
    await database.set(GENERATION, grant.generation).catch(() => undefined)
    state.adopt(grant, how.fresh)
    channel.send({ kind: 'grant', grant, ...how })
  }

  #end(reason: string | null): void {
    this.#parts.state.end(reason)
    this.#parts.channel.send({ kind: 'end', reason })
  }

  async #clear(): Promise<void> {
    await this.#parts.database.clear().catch(() => undefined)
  }
}

function misconfigured(): never {
  throw new BrowserClientError(
    'ERR_CLIENT_REFUSED',
    'persist is for refresh tokens in the body, and for no others',
  )
}
