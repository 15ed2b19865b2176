import * as announce from './announce.js'
import { buildChange, roomier, type WriteParts } from './build-change.js'
import type { Checked } from './checker.js'
import { type ClientFacts, eventClient } from './client.js'
import { ClientToken, type CookieAction, NO_ACTION } from './client-token.js'
import { renewalDue, settleDue, touchAt, touchDue } from './due.js'
import type { Engine, PendingWatcher, RequestFacts } from './engine.js'
import type { RejectionReason } from './events.js'
import {
  conflictError,
  endedError,
  insecureTransport,
  notAuthenticated,
  notInserted,
  otherVersion,
  responseCommitted,
} from './failures.js'
import { andThen, type MaybePromise } from './maybe-promise.js'
import {
  type AuthenticateOptions,
  checkMethods,
  checkSubject,
  newRecord,
  type SignIn,
  signInChange,
} from './new-record.js'
import type { Patience } from './patience.js'
import type { SessionRecord } from './record.js'
import { Serial } from './serial.js'
import type { RecordChange, UpdateResult } from './store.js'
import { type TokenKeys, verifierHash } from './token.js'
import { NO_TEXTS, NO_WRITES, WorkingData, type Writes } from './working-data.js'

/** Rewriting old data holds only for the record that was read; another request may be first, but not for ever. */
const MAX_ATTEMPTS = 20

/**
 * One session during one request: what the check found, what the request wants changed, and the one write that says so.
 * Transports use it by `commit()`; applications see it as `Session`.
 */
export class OpenSession {
  readonly engine: Engine
  /** Whether the application has looked at the session: its response then depends on the cookie. */
  used = false
  /** Is told, once, when the application first asks for something that `commit` must write. */
  watcher: PendingWatcher | null = null
  /** The only version that the next write may change; it throws `ERR_SESSION_CONFLICT` for another. Null: any. */
  ifVersion: number | null = null
  record: SessionRecord | null = null
  rejection: RejectionReason | null = null
  closed = false
  readonly #facts: RequestFacts
  readonly #epoch: MaybePromise<number>
  readonly #token: ClientToken
  /** The generation that the request belongs to: after another request's sign-in it may not write. */
  #generation = 0
  #data: WorkingData | null = null
  #starting: Promise<void> | null = null
  /** A sign-in, rotation or sign-out under way: the response waits for it, whether or not the application does. */
  readonly #issuing = new Serial()
  #startRequested = false
  #forceTouch = false
  #patience: Patience | null = null

  constructor(
    engine: Engine,
    keys: TokenKeys,
    facts: RequestFacts,
    checked: Checked,
    epoch: MaybePromise<number>,
    waited = 0,
  ) {
    this.engine = engine
    this.#facts = facts
    this.#epoch = epoch
    if (waited > 0) this.#patience = engine.store.patience(waited)
    this.#token = new ClientToken(keys, engine.random, checked)
    if (checked.standing === 'rejected') this.rejection = checked.reason
    else if (checked.standing !== 'none') {
      this.record = checked.record
      this.#generation = checked.record.generation
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
    const { record } = this
    if (this.#issuing.pending !== null) return true
    if (record === null) return this.#startRequested || this.#data?.hasValues === true
    if (this.#data?.dirty === true) return true
    const now = this.engine.now()
    return (
      this.#touchDue(record, now) ||
      (this.#token.standing === 'current' && settleDue(record)) ||
      this.#renewalDue(record, now)
    )
  }

  /** What becomes of the cookie when nothing is written any more. */
  finish(): CookieAction {
    this.close()
    return this.#cookie()
  }

  /** Writes what is due, in at most one store call, and says what becomes of the cookie. */
  commit(): MaybePromise<CookieAction> {
    const { pending } = this.#issuing
    if (pending !== null) return pending.then(() => this.commit())
    return this.dirty ? andThen(this.#write(), () => this.#cookie()) : this.#cookie()
  }

  /** The headers have left: whatever would need a cookie or a later commit throws from now on. */
  close(): void {
    this.closed = true
  }

  /** Throws unless a change made now is still part of the response. */
  assertOpen(): void {
    if (this.closed) throw responseCommitted()
  }

  /** How long this request may still wait for the store; undefined once nobody waits for its response any more. */
  get patience(): Patience | undefined {
    if (this.closed) return undefined
    return (this.#patience ??= this.engine.store.patience())
  }

  /** Id and generation that a CSRF token is bound to; an anonymous visitor gets a session for it. */
  csrfBinding(): { readonly id: string; readonly generation: number } {
    if (this.record !== null) return this.record
    this.#assertCanStart()
    this.#startRequested = true
    this.#pending()
    return { id: this.#token.mint().id, generation: 0 }
  }

  touch(): void {
    this.#forceTouch = true
    this.#pending()
  }

  /** Runs a sign-in, rotation or sign-out; the response waits for it, whether or not the application does. */
  issue(work: () => Promise<void>): Promise<void> {
    if (!this.closed) this.#pending()
    return this.#issuing.run(work)
  }

  async authenticate(subject: string, options: AuthenticateOptions): Promise<void> {
    checkSubject(subject)
    checkMethods(options.methods)
    this.#assertCanIssue()
    const epoch = await this.#epoch
    await this.#starting
    const other = this.record?.subject ?? subject
    if (other !== subject) await this.revoke('account_switched')
    if (this.record !== null && (await this.#bind(this.record, { subject, options }, epoch))) return
    await this.#start({ subject, options }, epoch)
  }

  async reauthenticate(options: Pick<AuthenticateOptions, 'methods'>): Promise<void> {
    const { record } = this
    if (record === null || record.subject === null) throw notAuthenticated()
    this.#assertCanIssue()
    const methods = options.methods ?? record.methods
    const again = { subject: record.subject, options: { methods, remember: record.persistent } }
    if (!(await this.#bind(record, again, record.epoch))) throw endedError()
  }

  /** A new token at a change of privilege; the old one is dead when this returns. */
  async rotate(): Promise<void> {
    const { record } = this
    if (record === null) return
    this.#assertCanIssue()
    const verifier = this.#token.verifier()
    const replace = { verifierHash: verifierHash(verifier), at: this.engine.now() }
    await this.#update(record, { extra: { replace } })
    this.#adopt(verifier)
    announce.renewed(this, record)
  }

  async revoke(reason: string): Promise<void> {
    await this.#starting?.catch(() => undefined)
    const { record, engine } = this
    if (record !== null) {
      const target = { kind: 'session', id: record.id } as const
      const count = await engine.store.revoke(target, { at: engine.now(), reason }, this.patience)
      if (count === 1) announce.revoked(this, 'session', reason, count)
    }
    this.#detach(this.#data?.writes)
    // The cookie that a sign-in has just set is not this request's to delete.
    if (this.rejection !== 'superseded') this.#token.expire(this.#facts)
  }

  /** Writes at once what has been written so far, starting the session if there is none. */
  async save(rewrite = false): Promise<void> {
    if (this.record === null) {
      await this.#startOnce()
      // What a parallel call wrote after the start had been sent.
      if (this.#data?.dirty !== true) return
    }
    await this.#write(rewrite)
  }

  /** The change of activity that is due, to ride along with another write. */
  dueTouch(): RecordChange['touch'] | undefined {
    const { record, engine } = this
    const now = engine.now()
    return record !== null && this.#touchDue(record, now) ? touchAt(engine.policy, now) : undefined
  }

  /** Takes over a record that another write of this request gave back; `sent` is stored with it. */
  stored(record: SessionRecord, sent: Writes): void {
    if (this.record === null) return
    if (record.verifierHash !== this.record.verifierHash) this.#token.stand(record)
    this.record = record
    this.#forceTouch = false
    this.#data?.rebase(record.data, sent)
  }

  /** The device, as far as events may show it. */
  get client(): ClientFacts {
    return eventClient(this.engine, this.#facts)
  }

  #pending(): void {
    this.watcher?.pending()
    this.watcher = null
  }

  #write(rewrite = false): MaybePromise<void> {
    const { record, engine } = this
    if (record === null) return this.#startOnce()
    const renews = this.#renewalDue(record, engine.now())
    const successor = renews ? this.#token.verifier() : null
    return andThen(this.#update(record, { touch: true, successor, rewrite }), () => {
      const after = this.record
      // Else another request of the same token was first, and this one hands out the same successor.
      if (successor === null || after?.verifierHash !== verifierHash(successor)) return
      this.#token.handOut(after, successor)
      announce.renewed(this, after)
    })
  }

  /** One change of the record, with everything that the application has written. Throws if the session has ended. */
  #update(record: SessionRecord, parts: WriteParts, attempt = 1): MaybePromise<UpdateResult> {
    const change = this.#change(record, parts)
    const sent = this.#data?.writes ?? NO_WRITES
    const again = (present: SessionRecord): MaybePromise<UpdateResult> => {
      this.stored(present, NO_WRITES)
      return this.#update(present, parts, attempt + 1)
    }
    return andThen(this.engine.store.update(record.id, change, this.patience), (result) => {
      if (result.status === 'conflict' && this.ifVersion !== null) throw otherVersion()
      if (attempt < MAX_ATTEMPTS && result.status === 'conflict') return again(result.record)
      if (attempt < MAX_ATTEMPTS && result.status === 'too_large')
        return andThen(roomier(this.engine, record, result.bytes, this.patience), again)
      this.#applied(result, change, sent)
      return result
    })
  }

  #change(record: SessionRecord, parts: WriteParts): RecordChange {
    const now = this.engine.now()
    return buildChange(this.engine, this.#token, this.#data, record, {
      now,
      generation: this.#generation,
      touches: parts.touch === true && this.#touchDue(record, now),
      settles: this.#token.standing === 'current' && settleDue(record),
      // Sealed under the client's token, so good only while that is the present one.
      successor: this.#token.standing === 'current' ? (parts.successor ?? null) : null,
      rewrites: parts.rewrite === true,
      ifVersion: this.ifVersion,
      extra: parts.extra ?? {},
    })
  }

  #applied(result: UpdateResult, change: RecordChange, sent: Writes): void {
    switch (result.status) {
      case 'updated':
        this.ifVersion = null
        return this.stored(result.record, sent)
      case 'limit':
        throw announce.overLimit(this, change.authenticate?.subject ?? '')
      case 'conflict':
      case 'too_large':
        throw conflictError(MAX_ATTEMPTS)
      default:
        this.#refused(change)
    }
  }

  /** The session ended under the request. Activity and renewal are moot then; a write is not lost in silence. */
  #refused(change: RecordChange): void {
    const { record } = this
    const signsIn = change.authenticate !== undefined
    // A sign-in goes on with a new session, and takes what this request wrote along.
    this.#detach(signsIn ? NO_WRITES : this.#data?.writes)
    if (record === null || signsIn || (change.set === undefined && change.replace === undefined))
      return
    announce.writeRefused(this, record)
    throw endedError()
  }

  /** Proves or binds the subject on the present record. False if that session has ended meanwhile. */
  async #bind(record: SessionRecord, signIn: SignIn, epoch: number): Promise<boolean> {
    const verifier = this.#token.verifier()
    const extra = signInChange(this.engine, signIn, verifier, epoch)
    const result = await this.#update(record, { extra })
    if (result.status !== 'updated') return false
    this.#adopt(verifier)
    announce.signedIn(this, signIn.subject, record.subject !== null, result.evicted)
    return true
  }

  /** Starts an anonymous session; calls at the same time share one start. */
  #startOnce(): Promise<void> {
    this.#starting ??= Promise.resolve(this.#epoch)
      .then((epoch) => this.#start(null, epoch))
      .finally(() => {
        this.#starting = null
      })
    return this.#starting
  }

  async #start(signIn: SignIn | null, epoch: number): Promise<void> {
    this.#assertCanStart(signIn !== null)
    const { engine } = this
    const { id, verifier } = this.#token.mint()
    // A second attempt after a failure is another session: the first may have been stored after all.
    if (!this.#startRequested) this.#token.forgetMinted()
    const sent = this.#data?.writes ?? NO_WRITES
    const data = this.#data?.merged() ?? NO_TEXTS
    const record = newRecord(engine, this.#facts, { id, verifier, signIn, epoch, data })
    const admission = { now: record.createdAt, limit: signIn && engine.policy.limit }
    const result = await engine.store.insert(record, admission, this.patience)
    if (result.status === 'limit') throw announce.overLimit(this, record.subject ?? '')
    if (result.status !== 'inserted') throw notInserted(result.status)
    this.record = record
    this.rejection = null
    this.#data?.rebase(record.data, sent)
    this.#adopt(verifier)
    announce.created(this, record)
    if (record.subject !== null) announce.signedIn(this, record.subject, false, result.evicted)
  }

  /** The token of this response is the one with `verifier`. */
  #adopt(verifier: string): void {
    const { record } = this
    // Refused meanwhile: there is nothing to hand out.
    if (record === null) return
    this.#token.adopt(record, verifier)
    this.#generation = record.generation
    this.#startRequested = false
  }

  /** This request has no session any more; of its writes, those in `dropped` go with it. */
  #detach(dropped: Writes = NO_WRITES): void {
    this.record = null
    this.#token.drop()
    this.#startRequested = false
    this.#generation = 0
    this.#data?.rebase(NO_TEXTS, dropped)
  }

  #cookie(): CookieAction {
    if (this.#token.settled) return NO_ACTION
    return this.#token.action(this.#facts.refusal === null ? this.record : null, this.engine.now())
  }

  #touchDue(record: SessionRecord, now: number): boolean {
    return (
      this.#forceTouch ||
      (this.#facts.countsAsActivity && touchDue(record, this.engine.policy, now))
    )
  }

  #renewalDue(record: SessionRecord, now: number): boolean {
    const { standing, replaced } = this.#token
    if (standing !== 'current' || replaced || this.closed) return false
    return renewalDue(record, this.engine.policy, now) && this.#facts.refusal === null
  }

  #assertCanIssue(): void {
    this.assertOpen()
    if (this.#facts.refusal !== null) throw insecureTransport(this.#facts.refusal)
  }

  #assertCanStart(signsIn = false): void {
    this.#assertCanIssue()
    // A new anonymous cookie would overwrite the one that the sign-in has just set.
    if (this.rejection === 'superseded' && !signsIn) throw endedError()
  }
}
