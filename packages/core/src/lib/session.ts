import { csrfRefused, revoked } from './announce.js'
import type { AuthenticateOptions } from './new-record.js'
import { notAuthenticated } from './failures.js'
import { SessionError } from './errors.js'
import { parse, type JsonValue } from './json.js'
import {
  type DeepReadonly,
  type KeyOf,
  modify,
  read,
  Scope,
  type SessionScope,
  update,
  typed,
  type Updater,
} from './scope.js'
import type { OpenSession } from './open-session.js'
import { expiresAt } from './record.js'

/** How fresh an authentication has to be. */
export interface FreshOptions {
  /** Milliseconds since the subject last proved itself. */
  readonly maxAge: number
  /** Methods of which at least one must have been used. Default: any. */
  readonly methods?: readonly string[]
}

let readOpen: (session: Pick<Session, 'id'>) => OpenSession | undefined

/** For packages that build on the engine: what stands behind a session. Throws `TypeError` for what is none. */
export function openSessionOf(session: Pick<Session, 'id'>): OpenSession {
  const open = readOpen(session)
  if (open === undefined) throw new TypeError('session must be the session of a request')
  return open
}

/** The session of one request: what `req.session` is. Reading starts nothing; the first write or sign-in does. */
export class Session<
  Data extends object = Record<string, JsonValue>,
> implements SessionScope<Data> {
  readonly #open: OpenSession

  static {
    readOpen = (session: Pick<Session, 'id'>): OpenSession | undefined =>
      #open in session ? session.#open : undefined
  }

  constructor(open: OpenSession) {
    this.#open = open
  }

  /** Public id: safe to log and to show, grants nothing. Null until there is a session. */
  get id(): string | null {
    return this.#used().record?.id ?? null
  }

  /** Stable id of the account that is signed in; null if nobody is. */
  get subject(): string | null {
    return this.#used().record?.subject ?? null
  }

  /** When the session was created, epoch milliseconds; null until there is one. */
  get createdAt(): number | null {
    return this.#used().record?.createdAt ?? null
  }

  /** When the subject last proved itself, epoch milliseconds; null if nobody is signed in. */
  get authenticatedAt(): number | null {
    return this.#used().record?.authenticatedAt ?? null
  }

  /** How the subject proved itself. */
  get methods(): readonly string[] {
    return this.#used().record?.methods ?? []
  }

  /** When the session ends if nothing happens until then, epoch milliseconds; null until there is one. */
  get expiresAt(): number | null {
    const { record } = this.#used()
    return record === null ? null : expiresAt(record)
  }

  get<Key extends KeyOf<Data>>(key: Key): DeepReadonly<Data[Key]> | undefined {
    return typed(read(this.#used(), this.#namespace, key))
  }

  has(key: KeyOf<Data>): boolean {
    return this.get(key) !== undefined
  }

  keys(): readonly KeyOf<Data>[] {
    return typed(this.#used().data.keys(this.#namespace))
  }

  set<Key extends KeyOf<Data>>(key: Key, value: Data[Key]): void {
    this.#changing().data.set(this.#namespace, key, value)
  }

  unset(key: KeyOf<Data>): void {
    this.#changing().data.unset(this.#namespace, key)
  }

  async update<Key extends KeyOf<Data>>(
    key: Key,
    change: (value: Data[Key] | undefined) => Data[Key] | undefined,
  ): Promise<DeepReadonly<Data[Key]> | undefined> {
    return typed(await update(this.#used(), this.#namespace, key, typed<Updater>(change)))
  }

  /** The namespace that applications on one store share. */
  get shared(): SessionScope<Record<string, JsonValue>> {
    return new Scope(this.#used(), this.#open.engine.dataRules.sharedNamespace)
  }

  /** Keeps a value until it is taken once, such as a notice for the next page. */
  flash(key: string, value: JsonValue): void {
    this.#changing().data.setFlash(key, value)
  }

  /** Takes a flash value: of any number of requests that ask at once, one gets it. Undefined if there is none. */
  async takeFlash(key: string): Promise<JsonValue | undefined> {
    const open = this.#used()
    const name = open.data.flashName(key)
    let taken: string | undefined
    await modify(open, name, (text) => {
      taken = text
      return text === undefined ? undefined : null
    })
    return taken === undefined ? undefined : parse(taken, key)
  }

  /**
   * Signs a subject in: binds it to the session, starting one if need be. The token is replaced and the old one dead when
   * this returns, as is its CSRF token; data is kept unless `keepData` is false or another subject was signed in.
   *
   * Errors: `ERR_SESSION_LIMIT` (limit with `reject`), `ERR_SESSION_ENDED` (the subject's sessions were revoked after this
   * request began), `ERR_SESSION_INSECURE_TRANSPORT`, `ERR_SESSION_RESPONSE_COMMITTED`, store errors. OWASP ASVS 7.2.4.
   */
  authenticate(subject: string, options: AuthenticateOptions = {}): Promise<void> {
    const open = this.#used()
    return open.issue(() => open.authenticate(subject, options))
  }

  /** Records that the signed-in subject has just proved itself again, with a new token like a sign-in. */
  reauthenticate(options: Pick<AuthenticateOptions, 'methods'> = {}): Promise<void> {
    const open = this.#used()
    return open.issue(() => open.reauthenticate(options))
  }

  /** A new token for a change of privilege; the old one is dead when this returns. Renewal in passing needs no call. */
  rotate(): Promise<void> {
    const open = this.#used()
    return open.issue(() => open.rotate())
  }

  /** Ends this session; durable when this returns, where the store is. The cookie goes with the response. */
  async revoke(reason = 'logout'): Promise<void> {
    checkReason(reason)
    const open = this.#used()
    await open.issue(() => open.revoke(reason))
  }

  /** Ends all sessions of the signed-in subject but this one; returns how many. */
  async revokeOthers(reason = 'logout_others'): Promise<number> {
    const open = this.#used()
    checkReason(reason)
    const { record } = open
    if (record === null || record.subject === null) throw notAuthenticated()
    const { engine } = open
    const target = { kind: 'subject', subject: record.subject, except: record.id } as const
    const ending = { at: engine.now(), reason }
    const count = await engine.store.revoke(target, ending, open.patience)
    revoked(open, 'subject', reason, count)
    return count ?? 0
  }

  /** Records activity now, even where the request itself does not count as such. */
  touch(): void {
    this.#changing().touch()
  }

  /** Whether the subject proved itself recently enough. */
  isFresh({ maxAge, methods }: FreshOptions): boolean {
    const { record, engine } = this.#used()
    if (typeof maxAge !== 'number' || !(maxAge >= 0))
      throw new TypeError('maxAge must be a number of milliseconds')
    if (record === null || record.authenticatedAt === null) return false
    const age = engine.now() - record.authenticatedAt
    // A proof from the future was dated by a wrong clock: not fresh.
    if (age < 0 || age > maxAge) return false
    return methods === undefined || methods.some((method) => record.methods.includes(method))
  }

  /**
   * Throws `ERR_SESSION_NOT_AUTHENTICATED` or `ERR_SESSION_NOT_FRESH` unless the subject proved itself recently enough
   * (step-up; ASVS 7.5.1, RFC 9470). Only `authenticate` and `reauthenticate` make an authentication fresh.
   */
  requireFresh(options: FreshOptions): void {
    if (this.isFresh(options)) return
    if (this.subject === null) throw notAuthenticated()
    throw new SessionError(
      'ERR_SESSION_NOT_FRESH',
      `this needs an authentication of the last ${options.maxAge} ms; ask for it, then call reauthenticate()`,
      { maxAgeSeconds: Math.floor(options.maxAge / 1000) },
    )
  }

  /** A token for forms, good for this session until the next sign-in. Starts a session if there is none. */
  csrfToken(): string {
    const open = this.#used()
    const { id, generation } = open.csrfBinding()
    return open.engine.csrf.issue(id, generation)
  }

  /** Whether `token` came from {@link Session.csrfToken} of this very session since the last sign-in. */
  verifyCsrfToken(token: unknown): boolean {
    const open = this.#used()
    const { record, engine } = open
    const good =
      typeof token === 'string' &&
      record !== null &&
      engine.csrf.check(token, record.id, record.generation)
    if (!good) csrfRefused(open)
    return good
  }

  /** Public facts only; never a token, never data. */
  toJSON(): {
    readonly id: string | null
    readonly subject: string | null
    readonly expiresAt: number | null
  } {
    return { id: this.id, subject: this.subject, expiresAt: this.expiresAt }
  }

  get #namespace(): string {
    return this.#open.engine.dataRules.namespace
  }

  #used(): OpenSession {
    this.#open.used = true
    return this.#open
  }

  #changing(): OpenSession {
    this.#open.assertOpen()
    return this.#used()
  }
}

/** Throws `TypeError` unless `reason` is a short text. */
export function checkReason(reason: unknown): void {
  if (typeof reason !== 'string' || reason === '' || reason.length > 64) {
    throw new TypeError('reason must be a text of 1 to 64 characters')
  }
}
