import type { Checked } from './checker.js'
import { andThen, type MaybePromise } from './maybe-promise.js'
import { eventClient } from './client.js'
import type { Engine, RequestFacts } from './engine.js'
import { SessionError } from './errors.js'
import type { RejectionReason } from './events.js'
import {
  endedError,
  notAuthenticated,
  repeatedId,
  revokedMeanwhile,
  tooLargeError,
} from './failures.js'
import {
  type AuthenticateOptions,
  authentication,
  checkSubject,
  newRecord,
  type SignIn,
} from './new-record.js'
import type { SessionRecord } from './record.js'
import { openSuccessor, sealSuccessor } from './seal.js'
import type { RecordChange, UpdateResult } from './store.js'
import { ID_LENGTH, type TokenKeys, VERIFIER_LENGTH, verifierHash, verifierOf } from './token.js'
import { NO_TEXTS, WorkingData } from './working-data.js'

/** What the transport does with the cookie of this response. */
export type CookieAction =
  | { readonly kind: 'none' }
  /** `maxAge` in milliseconds; null for a cookie that ends with the browser. */
  | { readonly kind: 'set'; readonly token: string; readonly maxAge: number | null }
  | { readonly kind: 'expire' }

const NO_ACTION: CookieAction = { kind: 'none' }

const TOUCH_GRAIN = 1 / 20

/**
 * One session during one request: what the check found, what the request wants changed, and the one write that says so.
 * Transports use it by `commit()`; applications see it as `Session`.
 */
export class OpenSession {
  readonly engine: Engine
  readonly facts: RequestFacts
  /** Whether the application has looked at the session: its response then depends on the cookie. */
  used = false
  /** Is called when the application first asks for something that `commit` must write. */
  onPending: (() => void) | null = null
  record: SessionRecord | null = null
  rejection: RejectionReason | null = null
  readonly #keys: TokenKeys
  readonly #epoch: MaybePromise<number>
  /** The token that the client holds, as far as this request knows. */
  #token: string | null = null
  #standing: 'current' | 'previous' | null = null
  #data: WorkingData | null = null
  #minted: { readonly id: string; readonly verifier: string } | null = null
  #outgoing: string | null = null
  #expire = false
  #forceTouch = false
  #responseCommitted = false

  constructor(
    engine: Engine,
    keys: TokenKeys,
    facts: RequestFacts,
    checked: Checked,
    epoch: MaybePromise<number>,
  ) {
    this.engine = engine
    this.facts = facts
    this.#keys = keys
    this.#epoch = epoch
    if (checked.standing === 'rejected') this.rejection = checked.reason
    else if (checked.standing !== 'none') {
      this.record = checked.record
      this.#token = checked.token
      this.#standing = checked.standing
    }
  }

  get data(): WorkingData {
    this.#data ??= new WorkingData(this.engine.dataRules, this.record?.data ?? NO_TEXTS, () =>
      this.#pending(),
    )
    return this.#data
  }

  /** Whether `commit` has something to write. */
  get dirty(): boolean {
    if (this.#data?.dirty === true) return true
    if (this.record === null) return this.#minted !== null
    const now = this.engine.now()
    return (
      this.#touchDue(this.record, now) ||
      this.#settleDue(this.record) ||
      this.#rotateDue(this.record, now)
    )
  }

  /** What becomes of the cookie when nothing is written any more. */
  finish(): CookieAction {
    this.close()
    return this.#cookie()
  }

  /** Writes what is due, in at most one store call, and says what becomes of the cookie. */
  commit(): MaybePromise<CookieAction> {
    return this.dirty ? andThen(this.#write(), () => this.#cookie()) : this.#cookie()
  }

  /** Whether the headers have left. */
  get closed(): boolean {
    return this.#responseCommitted
  }

  /** The headers have left: whatever would need a cookie or a later commit throws from now on. */
  close(): void {
    this.#responseCommitted = true
  }

  /** Throws unless a change made now is still part of the response. */
  assertOpen(): void {
    if (!this.#responseCommitted) return
    throw new SessionError(
      'ERR_SESSION_RESPONSE_COMMITTED',
      'the response headers have left, so this change would be lost; change the session before the response begins, or use await session.update()',
    )
  }

  /** Id and generation that a CSRF token is bound to; an anonymous visitor gets a session for it. */
  csrfBinding(): { readonly id: string; readonly generation: number } {
    if (this.record !== null) return this.record
    this.#assertCanStart()
    const { id } = this.#mint()
    this.#pending()
    return { id, generation: 0 }
  }

  touch(): void {
    this.#forceTouch = true
    this.#pending()
  }

  async authenticate(subject: string, options: AuthenticateOptions): Promise<void> {
    checkSubject(subject)
    this.#assertCanIssue()
    const epoch = await this.#epoch
    const { record } = this
    if (record !== null && record.subject !== null && record.subject !== subject)
      await this.revoke('account_switched')
    if (this.record !== null && (await this.#bind(this.record, subject, options, epoch))) return
    await this.#start({ subject, options }, epoch)
  }

  async reauthenticate(options: Pick<AuthenticateOptions, 'methods'>): Promise<void> {
    const { record } = this
    if (record === null || record.subject === null) throw notAuthenticated()
    this.#assertCanIssue()
    const methods = options.methods ?? record.methods
    const bound = await this.#bind(
      record,
      record.subject,
      { methods, remember: record.persistent },
      record.epoch,
    )
    if (!bound) throw endedError()
  }

  /** A new token at a change of privilege; the old one is dead when this returns. */
  async rotate(): Promise<void> {
    const { record } = this
    if (record === null) return
    this.#assertCanIssue()
    const verifier = this.engine.random.base62(VERIFIER_LENGTH)
    const at = this.engine.now()
    const change = {
      ...this.#change(record, at, false),
      replace: { verifierHash: verifierHash(verifier), at },
    }
    const result = await this.engine.store.update(record.id, change)
    this.#applied(result, change)
    this.#adopt(verifier)
    this.#emitRenewed(record)
  }

  async revoke(reason: string): Promise<void> {
    const { record } = this
    if (record !== null) {
      const { events, store, now } = this.engine
      const count = await store.revoke({ kind: 'session', id: record.id }, { at: now(), reason })
      this.engine.cache.changed(record.id)
      events.emit(
        'session_revoked',
        { sessionId: record.id, subject: record.subject, target: 'session', reason, count },
        this.#client(),
      )
    }
    this.#detach()
    this.#expire = record !== null || this.facts.token !== null || this.facts.rejection !== null
  }

  /** Starts the session if there is none yet, with what has been written so far. */
  async save(): Promise<void> {
    await this.#write()
  }

  /** The change of activity that is due, to ride along with another write. */
  dueTouch(): RecordChange['touch'] | undefined {
    const { record } = this
    const now = this.engine.now()
    return record !== null && this.#touchDue(record, now) ? this.#touchAt(now) : undefined
  }

  /** Takes over a record that another write of this request gave back. */
  stored(record: SessionRecord, name: string): void {
    this.record = record
    this.#forceTouch = false
    this.data.stored(name, record.data)
  }

  #pending(): void {
    this.onPending?.()
    this.onPending = null
  }

  #client(): { readonly address: string | null; readonly userAgent: string | null } {
    return eventClient(this.engine, this.facts)
  }

  #write(): MaybePromise<void> {
    const { record } = this
    if (record === null) return andThen(this.#epoch, (epoch) => this.#start(null, epoch))
    const now = this.engine.now()
    const rotates = this.#rotateDue(record, now)
    const verifier = rotates ? this.engine.random.base62(VERIFIER_LENGTH) : null
    const change = this.#change(record, now, true, verifier)
    return andThen(this.engine.store.update(record.id, change), (result) => {
      this.#applied(result, change)
      if (verifier !== null) this.#rotated(verifier)
    })
  }

  /** What is due for `record`, as one change. */
  #change(
    record: SessionRecord,
    now: number,
    touch: boolean,
    successor: string | null = null,
  ): RecordChange {
    const { engine } = this
    const dirty = this.#data?.dirty === true
    const hash = record.verifierHash
    return {
      now,
      ifGeneration: record.generation,
      ...(dirty ? { ...this.data.change(), maxDataBytes: engine.dataRules.maxDataBytes } : {}),
      ...(touch && this.#touchDue(record, now) ? { touch: this.#touchAt(now) } : {}),
      ...(this.#settleDue(record) ? { settle: { verifierHash: hash, at: now } } : {}),
      ...(successor === null || this.#token === null
        ? {}
        : {
            rotate: {
              ifVerifierHash: hash,
              verifierHash: verifierHash(successor),
              sealed: sealSuccessor(successor, verifierOf(this.#token), record.id, engine.random),
              at: now,
            },
          }),
    }
  }

  #applied(result: UpdateResult, change: RecordChange): void {
    switch (result.status) {
      case 'updated':
        this.record = result.record
        this.#forceTouch = false
        this.#data?.rebase(result.record.data, false)
        return
      case 'too_large':
        throw tooLargeError(result.bytes, this.engine.dataRules.maxDataBytes)
      default:
        this.#refused(change)
    }
  }

  /** The session ended under the request. Activity and renewal are moot then; a write is not lost in silence. */
  #refused(change: RecordChange): void {
    const { record } = this
    this.#detach()
    const wrote = change.set !== undefined || change.replace !== undefined
    if (record === null || !wrote) return
    const fields = { sessionId: record.id, subject: record.subject }
    this.engine.events.emit('session_write_refused', fields, this.#client())
    throw endedError()
  }

  #rotated(verifier: string): void {
    const { record } = this
    if (record === null) return
    if (record.verifierHash === verifierHash(verifier)) {
      this.#outgoing = this.#keys.issue(record.id, verifier)
      this.#emitRenewed(record)
    } else {
      // Another request of the same token was first: this one hands out the same successor.
      this.#standing = 'previous'
    }
  }

  #emitRenewed(record: SessionRecord): void {
    this.engine.events.emit(
      'session_renewed',
      { sessionId: record.id, subject: record.subject },
      this.#client(),
    )
  }

  /** Proves or binds the subject on the present record. False if that session has ended meanwhile. */
  async #bind(
    record: SessionRecord,
    subject: string,
    options: AuthenticateOptions,
    epoch: number,
  ): Promise<boolean> {
    const { engine } = this
    const at = engine.now()
    const verifier = engine.random.base62(VERIFIER_LENGTH)
    const change: RecordChange = {
      ...this.#change(record, at, false),
      ...(options.keepData === false ? { clear: true } : {}),
      replace: { verifierHash: verifierHash(verifier), at },
      authenticate: authentication(engine.policy, { subject, options }, at, epoch),
    }
    const result = await engine.store.update(record.id, change)
    if (result.status === 'limit') throw this.#overLimit(subject)
    if (result.status === 'ended' || result.status === 'missing') {
      this.#detach(true)
      return false
    }
    this.#applied(result, change)
    this.#adopt(verifier)
    this.#signedIn(
      subject,
      record.subject !== null,
      result.status === 'updated' ? result.evicted : [],
    )
    return true
  }

  async #start(signIn: SignIn | null, epoch: number): Promise<void> {
    this.#assertCanStart(signIn !== null)
    const { engine, facts } = this
    const { id, verifier } = this.#mint()
    const record = newRecord(engine, facts, {
      id,
      verifier,
      signIn,
      epoch,
      data: this.#data?.merged() ?? NO_TEXTS,
    })
    const limit = signIn === null ? null : engine.policy.limit
    const result = await engine.store.insert(record, { now: record.createdAt, limit })
    if (result.status === 'limit') throw this.#overLimit(record.subject ?? '')
    if (result.status === 'ended') throw revokedMeanwhile()
    if (result.status === 'exists') throw repeatedId()
    this.record = record
    this.rejection = null
    this.#data?.rebase(record.data, false)
    this.#adopt(verifier)
    engine.events.emit(
      'session_created',
      { sessionId: id, subject: record.subject },
      this.#client(),
    )
    if (record.subject !== null) this.#signedIn(record.subject, false, result.evicted)
  }

  #signedIn(subject: string, again: boolean, evicted: readonly string[]): void {
    const { events } = this.engine
    const sessionId = this.record?.id ?? ''
    events.emit('session_authenticated', { sessionId, subject, again }, this.#client())
    if (evicted.length === 0) return
    for (const id of evicted) this.engine.cache.changed(id)
    const fields = { subject, outcome: 'evicted', sessionIds: evicted } as const
    events.emit('excess_sessions_exceeded', fields, this.#client())
  }

  #overLimit(subject: string): SessionError {
    const fields = { subject, outcome: 'rejected', sessionIds: [] } as const
    this.engine.events.emit('excess_sessions_exceeded', fields, this.#client())
    return new SessionError(
      'ERR_SESSION_LIMIT',
      'the subject has as many sessions as maxSessionsPerSubject allows; end one of them first',
    )
  }

  /** The token of this response is the one with `verifier`. */
  #adopt(verifier: string): void {
    const { record } = this
    if (record === null) return
    this.#outgoing = this.#keys.issue(record.id, verifier)
    this.#token = this.#outgoing
    this.#standing = 'current'
    this.#minted = null
    this.#expire = false
  }

  #detach(keepWrites = false): void {
    this.record = null
    this.#token = null
    this.#standing = null
    this.#minted = null
    this.#outgoing = null
    this.#data?.rebase(NO_TEXTS, keepWrites)
  }

  #cookie(): CookieAction {
    const token = this.#outgoing ?? this.#successor()
    const { record } = this
    if (token !== null && record !== null && this.facts.refusal === null) {
      const maxAge = record.persistent
        ? Math.max(0, record.absoluteDeadline - this.engine.now())
        : null
      return { kind: 'set', token, maxAge }
    }
    return this.#expire ? { kind: 'expire' } : NO_ACTION
  }

  /** The present token for a request that came with the previous one. */
  #successor(): string | null {
    const { record } = this
    const sealed = record?.previous?.sealed ?? null
    if (this.#standing !== 'previous' || record === null || sealed === null || this.#token === null)
      return null
    const verifier = openSuccessor(sealed, verifierOf(this.#token), record.id)
    return verifier === null ? null : this.#keys.issue(record.id, verifier)
  }

  #mint(): { readonly id: string; readonly verifier: string } {
    const { random } = this.engine
    this.#minted ??= { id: random.base62(ID_LENGTH), verifier: random.base62(VERIFIER_LENGTH) }
    return this.#minted
  }

  #touchDue(record: SessionRecord, now: number): boolean {
    if (this.#forceTouch) return true
    return (
      this.facts.countsAsActivity &&
      now - record.lastSeenAt > this.engine.policy.idleTimeout * TOUCH_GRAIN
    )
  }

  #touchAt(now: number): { readonly lastSeenAt: number; readonly idleDeadline: number } {
    return { lastSeenAt: now, idleDeadline: now + this.engine.policy.idleTimeout }
  }

  #settleDue({ previous }: SessionRecord): boolean {
    return this.#standing === 'current' && previous !== null && previous.supersededAt === null
  }

  #rotateDue(record: SessionRecord, now: number): boolean {
    if (this.#standing !== 'current' || this.#outgoing !== null) return false
    if (this.#responseCommitted || this.facts.refusal !== null) return false
    return now - record.rotatedAt >= this.engine.policy.renewalTimeout
  }

  #assertCanIssue(): void {
    this.assertOpen()
    const { refusal } = this.facts
    if (refusal !== null) throw new SessionError('ERR_SESSION_INSECURE_TRANSPORT', refusal)
  }

  #assertCanStart(signsIn = false): void {
    this.#assertCanIssue()
    // A new anonymous cookie would overwrite the one that the sign-in has just set.
    if (this.rejection === 'superseded' && !signsIn) throw endedError()
  }
}
