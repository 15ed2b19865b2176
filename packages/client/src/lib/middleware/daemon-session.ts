import { type JsonValue, SessionError } from '@holdfast/core'
import type {
  Authentication,
  LoadedSession,
  Reauthentication,
  SessionPatch,
  VisitorSession,
} from '../app.js'
import { isConflict, toSessionError } from './failures.js'
import { asStored, type Change, toPatch, Values } from './values.js'

/** Another request may be first, but not for ever. */
const MOST_ATTEMPTS = 20

/** A change of one value: undefined removes it. */
type Updater = (value: JsonValue | undefined) => JsonValue | undefined

const NOBODY: LoadedSession = { session: null, version: null, data: {}, shared: {} }

/** Values of one namespace. */
export interface DaemonScope {
  /** The value, frozen; undefined if there is none. */
  get(key: string): JsonValue | undefined
  has(key: string): boolean
  keys(): readonly string[]
  /** Writes a value with the response. Other keys that other requests write at the same time are kept. */
  set(key: string, value: JsonValue): void
  /** Removes a value with the response. */
  unset(key: string): void
}

/** The session of one request, which the daemon holds: what `req.session` is. */
export class DaemonSession implements DaemonScope {
  /** Values that all applications of the daemon share. */
  readonly shared: DaemonScope
  /** Whether the application has looked at it: the response then depends on the cookie. */
  used = false
  closed = false
  /** Is told, once, when there first is something that the response must wait for. */
  watcher: (() => void) | null = null
  readonly #visitor: VisitorSession
  readonly #own = new Values(() => this.#pending())
  readonly #shared = new Values(() => this.#pending())
  #loaded: LoadedSession
  /** Calls that change the token; the response waits for them. */
  #issuing: Promise<unknown> | null = null

  constructor(visitor: VisitorSession, loaded: LoadedSession | null) {
    this.#visitor = visitor
    this.#loaded = NOBODY
    this.#adopt(loaded ?? NOBODY)
    this.shared = new SharedScope(this, this.#shared)
  }

  /** Public id: safe to log, grants nothing. Null until there is a session. */
  get id(): string | null {
    return this.#used().session?.id ?? null
  }

  /** Stable id of the account that is signed in; null if nobody is. */
  get subject(): string | null {
    return this.#used().session?.subject ?? null
  }

  /** When the subject last proved itself, epoch milliseconds. */
  get authenticatedAt(): number | null {
    return this.#used().session?.authenticatedAt ?? null
  }

  /** How it did. */
  get methods(): readonly string[] {
    return this.#used().session?.methods ?? []
  }

  /** When the session ends if nothing happens until then, epoch milliseconds. */
  get expiresAt(): number | null {
    return this.#used().session?.expiresAt ?? null
  }

  get(key: string): JsonValue | undefined {
    this.#used()
    return this.#own.get(key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  keys(): readonly string[] {
    this.#used()
    return this.#own.keys()
  }

  set(key: string, value: JsonValue): void {
    this.assertOpen()
    this.#own.set(key, value)
  }

  unset(key: string): void {
    this.assertOpen()
    this.#own.unset(key)
  }

  /**
   * Replaces a value by what `change` makes of the present one, at once, losing no other request's update. `change` may be called
   * more than once; it must be synchronous. Undefined removes the value.
   */
  async update(key: string, change: Updater): Promise<JsonValue | undefined> {
    this.assertOpen()
    await this.commit()
    for (let attempt = 1; ; attempt++) {
      const made = change(this.#own.get(key))
      const value = made === undefined ? undefined : asStored(key, made)
      try {
        await this.#store(new Map([[key, value]]), new Map(), this.#loaded.version)
        return value
      } catch (error) {
        if (!isConflict(error) || attempt === MOST_ATTEMPTS) throw toSessionError(error)
        await this.#reload()
      }
    }
  }

  /** Signs a subject in, with a new token; the old one is dead when this resolves. */
  authenticate(subject: string, options: Omit<Authentication, 'subject'> = {}): Promise<void> {
    return this.#issue(() => {
      const before = this.#loaded.session?.subject ?? null
      if (before !== null && before !== subject) this.#drop()
      return this.#visitor.authenticate({ subject, ...options })
    })
  }

  /** Records that the signed-in subject has just proved itself again, with a new token. */
  reauthenticate(options: Reauthentication = {}): Promise<void> {
    return this.#issue(() => this.#visitor.reauthenticate(options))
  }

  /** A new token for a change of privilege. */
  rotate(): Promise<void> {
    return this.#issue(() => this.#visitor.rotate())
  }

  /** Ends this session; durable when this resolves. What this request wrote goes with it. */
  revoke(reason?: string): Promise<void> {
    return this.#issue(async () => {
      await this.#visitor.revoke(reason)
      this.#drop()
      return NOBODY
    })
  }

  /** Ends the account's other sessions; resolves to how many. */
  async revokeOthers(reason?: string): Promise<number> {
    this.#used()
    return this.#visitor.revokeOthers(reason).catch(rethrow)
  }

  /** A token for forms, good for this session until the next sign-in. Starts a session if there is none. */
  async csrfToken(): Promise<string> {
    let token = ''
    await this.#issue(async () => {
      token = await this.#visitor.csrfToken()
      return this.#visitor.load()
    })
    return token
  }

  /** Whether `token` came from {@link DaemonSession.csrfToken} of this very session since the last sign-in. */
  async verifyCsrfToken(token: unknown): Promise<boolean> {
    this.#used()
    return typeof token === 'string' && this.#visitor.verifyCsrfToken(token).catch(rethrow)
  }

  /** Public facts only; never a token, never data. */
  toJSON(): { readonly id: string | null; readonly subject: string | null } {
    return { id: this.id, subject: this.subject }
  }

  /** Whether the response has to wait for something. */
  get dirty(): boolean {
    return this.#issuing !== null || this.#own.dirty || this.#shared.dirty
  }

  /** What the response has to carry for the visitor. */
  get setCookie(): string | undefined {
    return this.#visitor.setCookie ?? undefined
  }

  /** Sends what was written. Errors: `SessionError`. */
  async commit(): Promise<void> {
    await this.#issuing?.catch(() => undefined)
    await this.#send().catch(rethrow)
  }

  assertOpen(): void {
    this.#used()
    if (!this.closed) return
    const message = 'the response has begun: a change of the session could not leave with it'
    throw new SessionError('ERR_SESSION_RESPONSE_COMMITTED', message)
  }

  async #send(): Promise<void> {
    if (this.#own.dirty || this.#shared.dirty)
      await this.#store(this.#own.take(), this.#shared.take(), null)
  }

  /** Changes the session, or begins one; with a version, only if that still is the session's. */
  async #store(own: Change, shared: Change, ifVersion: number | null): Promise<void> {
    const sharedPatch = toPatch(shared)
    const patch: SessionPatch = {
      ...toPatch(own),
      ...(sharedPatch === undefined ? {} : { shared: sharedPatch }),
      ...(ifVersion === null ? {} : { ifVersion }),
    }
    if (this.#loaded.session !== null) this.#adopt(await this.#visitor.patch(patch))
    else if (hasValue(own) || hasValue(shared)) this.#adopt(await this.#begin(patch))
  }

  /** What there is after another request has been first. A session that it ended does not begin anew. */
  async #reload(): Promise<void> {
    const had = this.#loaded.session !== null
    this.#adopt(await this.#visitor.load().catch(rethrow))
    if (had && this.#loaded.session === null)
      throw new SessionError('ERR_SESSION_ENDED', 'the session ended while it was being changed')
  }

  /** A session begins with what was set; there is nothing to remove. */
  #begin({ set = {}, shared }: SessionPatch): Promise<LoadedSession> {
    const begun = shared?.set === undefined ? { set } : { set, shared: { set: shared.set } }
    return this.#visitor.create(begun)
  }

  #issue(work: () => Promise<LoadedSession>): Promise<void> {
    this.assertOpen()
    const before = this.#issuing?.catch(() => undefined) ?? Promise.resolve()
    const issued = before.then(work).then((loaded) => this.#adopt(loaded), rethrow)
    this.#issuing = issued.finally(() => {
      this.#issuing = null
    })
    this.#issuing.catch(() => undefined)
    this.#pending()
    return issued
  }

  /** Its session is gone, and what this request wrote with it. */
  #drop(): void {
    this.#own.drop()
    this.#shared.drop()
  }

  #adopt(loaded: LoadedSession): void {
    this.#loaded = loaded
    this.#own.load(loaded.data)
    this.#shared.load(loaded.shared)
  }

  #used(): LoadedSession {
    this.used = true
    return this.#loaded
  }

  #pending(): void {
    const { watcher } = this
    this.watcher = null
    watcher?.()
  }
}

class SharedScope implements DaemonScope {
  readonly #session: DaemonSession
  readonly #values: Values

  constructor(session: DaemonSession, values: Values) {
    this.#session = session
    this.#values = values
  }

  get(key: string): JsonValue | undefined {
    this.#session.used = true
    return this.#values.get(key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  keys(): readonly string[] {
    this.#session.used = true
    return this.#values.keys()
  }

  set(key: string, value: JsonValue): void {
    this.#session.assertOpen()
    this.#values.set(key, value)
  }

  unset(key: string): void {
    this.#session.assertOpen()
    this.#values.unset(key)
  }
}

/** Whether it is more than removals, which begin no session. */
function hasValue(change: Change): boolean {
  return [...change.values()].some((value) => value !== undefined)
}

function rethrow(error: unknown): never {
  throw toSessionError(error)
}
