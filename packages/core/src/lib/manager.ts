import { CheckCache } from './check-cache.js'
import { type Checked, checkToken } from './checker.js'
import { type ClientOptions, eventClient, resolveClientRules } from './client.js'
import { Combiner } from './combiner.js'
import { CsrfTokens } from './csrf.js'
import { type DataOptions, resolveDataRules } from './data-options.js'
import { type Engine, NoRequest, type RequestFacts } from './engine.js'
import {
  Events,
  type RejectionReason,
  type SessionEventName,
  type SessionListener,
} from './events.js'
import { GuardedStore } from './guarded-store.js'
import { type SessionInfo, toInfo } from './info.js'
import type { JsonValue } from './json.js'
import { KeyRing } from './key-ring.js'
import type { KeyInput } from './keys.js'
import { isPromise, type MaybePromise } from './maybe-promise.js'
import { checkSubject } from './new-record.js'
import { OpenSession } from './open-session.js'
import { checkOptions, type ManagerRules } from './options.js'
import {
  describePolicy,
  type Policy,
  type PolicyDescription,
  type PolicyOptions,
  resolvePolicy,
} from './policy.js'
import { type RandomFill, RandomText } from './random.js'
import { RevocationCount } from './revocation-count.js'
import { checkReason, Session } from './session.js'
import type { RevokeTarget, SessionStore, StoreNotice } from './store.js'
import { Sweeper } from './sweeper.js'
import type { Clock } from './time.js'
import { isSessionId, type TokenKeys } from './token.js'

/** Options of {@link createSessions}. Durations are milliseconds. */
export interface SessionsOptions<Data extends object = Record<string, JsonValue>>
  extends PolicyOptions, DataOptions<Data> {
  /** Where sessions are kept. */
  readonly store: SessionStore
  /** Secret keys of at least 32 bytes, newest first: the first signs, all verify. */
  readonly keys: readonly KeyInput[]
  /** Refuse a store that would forget a revocation (`ERR_SESSION_STORE_UNSUPPORTED`). Default `false`. */
  readonly production?: boolean
  /** Keeps tenants on one key ring apart: a token of one is never good for another. Default: none. */
  readonly tenant?: string
  /** What is kept of a device, and what a session is bound to. */
  readonly client?: ClientOptions
  /** Milliseconds after which a store call, or slow calls in a row of one request, are given up (`ERR_SESSION_STORE_TIMEOUT`). Default: the store's own, else 450. */
  readonly storeTimeout?: number
  /** Milliseconds between deletions of expired records; `Infinity` turns them off. Default 60,000. */
  readonly sweepInterval?: number
  /** Checked tokens remembered in this process. Default 10,000; 0 turns it off. */
  readonly cacheSize?: number
  /** Where "now" comes from. Default `Date.now`. */
  readonly clock?: Clock
  /** Where random bytes come from. Default: the operating system's generator. */
  readonly random?: RandomFill
}

/** What a token turned out to be. The client is told no more than "no session"; the reason is for events and logs. */
export type Resolution<Data extends object> =
  | { readonly status: 'active'; readonly session: Session<Data> }
  | { readonly status: 'none' }
  | { readonly status: 'rejected'; readonly reason: RejectionReason }

/** Options of a revocation of several sessions. */
export interface RevokeAllOptions {
  /** Why, for tombstones and events: 1 to 64 characters. Default `revoked`. */
  readonly reason?: string
  /** Id of a session that goes on; null and undefined mean none. */
  readonly except?: string | null | undefined
}

/** The audience of tokens that `resolve` checks unless told otherwise: the default cookie's name. */
export const DEFAULT_AUDIENCE = '__Host-session'

const NONE = { status: 'none' } as const
const PAGE = 200

let readEngine: (sessions: Pick<Sessions, 'close'>) => Engine | undefined

/** For packages that build on the engine: what the parts of a manager share. Throws `TypeError` for what is no manager. */
export function engineOf(sessions: Pick<Sessions, 'close'>): Engine {
  const engine = readEngine(sessions)
  if (engine === undefined) throw new TypeError('sessions must come from createSessions()')
  return engine
}

/** Everything that can be done with sessions outside of a request, and the entry for transports. */
export class Sessions<Data extends object = Record<string, JsonValue>> {
  readonly policy: Policy
  readonly #engine: Engine
  readonly #rules: ManagerRules
  readonly #sweeper: Sweeper
  readonly #count: RevocationCount
  readonly #unwatch: (() => void) | undefined

  static {
    readEngine = (sessions: Pick<Sessions, 'close'>): Engine | undefined =>
      #engine in sessions ? sessions.#engine : undefined
  }

  constructor(options: SessionsOptions<Data>) {
    this.#rules = checkOptions(options)
    const { store, now, tenant, random, storeTimeout, cacheSize } = this.#rules
    const keys = new KeyRing(options.keys, tenant ?? '')
    this.policy = resolvePolicy(options)
    const events = new Events(now, tenant)
    const cache = new CheckCache(cacheSize, store.capabilities.push)
    const guarded = new GuardedStore(store, cache, events, storeTimeout)
    const dataRules = resolveDataRules(options)
    const text = new RandomText(random)
    this.#engine = {
      policy: this.policy,
      dataRules,
      clientRules: resolveClientRules(options.client),
      store: guarded,
      cache,
      combiner: new Combiner(guarded, now, dataRules.maxDataBytes),
      csrf: new CsrfTokens(keys.keys, tenant ?? '', text),
      keys,
      tenant,
      events,
      random: text,
      now,
    }
    this.#unwatch = store.watch?.((notice) => this.#noticed(notice))
    this.#sweeper = new Sweeper(guarded, now)
    this.#count = new RevocationCount(guarded)
    if (this.#rules.sweepInterval !== Infinity) this.#sweeper.start(this.#rules.sweepInterval)
  }

  /**
   * What a token stands for, without a request behind it. The session can be read, updated with `update()` and revoked;
   * what would need a cookie throws. Answers at once where the store does. Errors: store errors.
   */
  resolve(
    token: string | null,
    { audience = DEFAULT_AUDIENCE }: { readonly audience?: string } = {},
  ): MaybePromise<Resolution<Data>> {
    if (token !== null && typeof token !== 'string')
      throw new TypeError('token must be a string or null')
    const open = this.open(this.tokenKeys(audience), new NoRequest(token))
    return isPromise(open) ? open.then(toResolution<Data>) : toResolution<Data>(open)
  }

  /** One session by its id, ended ones included as long as they are kept; null if there is none. */
  async get(id: string): Promise<SessionInfo | null> {
    const record = isSessionId(id) ? await this.#engine.store.find(id) : null
    return record === null ? null : toInfo(record)
  }

  /** The live sessions of a subject, in no telling order; with `includeEnded` also those whose tombstones are kept. */
  async *list(
    subject: string,
    { includeEnded = false }: { readonly includeEnded?: boolean } = {},
  ): AsyncGenerator<SessionInfo, void, undefined> {
    checkSubject(subject)
    let after: string | null = ''
    while (after !== null) {
      const page = { after, limit: PAGE, now: this.#engine.now(), includeEnded }
      const { records, next } = await this.#engine.store.list(subject, page)
      yield* records.map(toInfo)
      after = next
    }
  }

  /** Ends one session; true if it was live. An unknown id is false. Durable when this returns, where the store is. */
  async revoke(
    id: string,
    { reason = 'revoked' }: Pick<RevokeAllOptions, 'reason'> = {},
  ): Promise<boolean> {
    if (!isSessionId(id)) return false
    return (await this.#revoke({ kind: 'session', id }, reason)) === 1
  }

  /** Ends every session of a subject and every sign-in of it that is under way; returns how many sessions were live. */
  async revokeAll(
    subject: string,
    { reason = 'revoked', except }: RevokeAllOptions = {},
  ): Promise<number> {
    checkSubject(subject)
    const keep = except === undefined || except === null ? {} : { except }
    return (await this.#revoke({ kind: 'subject', subject, ...keep }, reason)) ?? 0
  }

  /** Ends every session of every subject, at a cost that does not grow with their number. */
  async revokeEveryone({
    reason = 'revoked',
  }: Pick<RevokeAllOptions, 'reason'> = {}): Promise<void> {
    await this.#revoke({ kind: 'everyone' }, reason)
  }

  /** Deletes what is due now and returns how many records that were. Happens by itself every `sweepInterval`. */
  sweep(): Promise<number> {
    return this.#sweeper.run()
  }

  /** Replaces the key ring, newest key first: tokens under keys that are gone are refused from now on. */
  setKeys(keys: readonly KeyInput[]): void {
    const { keys: ring, cache, csrf } = this.#engine
    ring.replace(keys)
    cache.reset()
    csrf.setRing(ring.keys)
  }

  /** The limits in force beside NIST SP 800-63B-4, the OWASP cheat sheet and PCI DSS; print its `text`. */
  describePolicy(): PolicyDescription {
    return describePolicy(this.policy)
  }

  /** Calls `listener` for each event of this name, `'*'` for all; the returned function ends it. */
  on<Name extends SessionEventName>(name: Name | '*', listener: SessionListener<Name>): () => void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is called with events of this name only
    return this.#engine.events.on(name, listener as unknown as SessionListener)
  }

  /** Stops sweeping and closes the store. */
  async close(): Promise<void> {
    this.#engine.cache.setTrusted(false)
    this.#unwatch?.()
    await this.#sweeper.stop()
    await this.#rules.store.close()
  }

  /** For transports: the keys of one audience (a cookie's name). Ask once, keep the answer. */
  tokenKeys(audience: string): TokenKeys {
    return this.#engine.keys.tokenKeys('session', audience)
  }

  /** For transports: the session of one request. Errors: store errors, upon which the request must be refused. */
  open(keys: TokenKeys, facts: RequestFacts): MaybePromise<OpenSession> {
    const engine = this.#engine
    const checked = checkToken(engine, keys, facts)
    const epoch = this.#epochFor(checked)
    if (!isPromise(checked) && !isPromise(epoch))
      return new OpenSession(engine, keys, facts, checked, epoch)
    return this.#openLater(keys, facts, checked, epoch)
  }

  /** For transports: tells those who watch that an unsafe request was refused, before any session was opened. */
  refusedCrossSite(facts: RequestFacts, reason: string): void {
    const { events } = this.#engine
    if (!events.active) return
    const about = { sessionId: null, subject: null, reason }
    events.emit('csrf_refused', about, eventClient(this.#engine, facts))
  }

  /** The counter is read before the application sees the request, so that no revocation after that is missed. */
  async #openLater(
    keys: TokenKeys,
    facts: RequestFacts,
    checked: MaybePromise<Checked>,
    epoch: MaybePromise<number>,
  ): Promise<OpenSession> {
    // Only a sign-in needs the counter, so only a sign-in fails where it cannot be read. The check may fail first.
    const begun = performance.now()
    if (isPromise(epoch)) await Promise.allSettled([epoch, checked])
    const found = await checked
    const waited = performance.now() - begun
    return new OpenSession(this.#engine, keys, facts, found, epoch, waited)
  }

  #epochFor(checked: MaybePromise<Checked>): MaybePromise<number> {
    // Junk costs no store call: an older counter is as safe.
    const junk =
      'standing' in checked &&
      checked.standing === 'rejected' &&
      (checked.reason === 'malformed' || checked.reason === 'ambiguous')
    return junk && this.#count.last !== null ? this.#count.last : this.#count.read()
  }

  async #revoke(target: RevokeTarget, reason: string): Promise<number | null> {
    checkReason(reason)
    const { store, events, now } = this.#engine
    const count = await store.revoke(target, { at: now(), reason })
    if (target.kind !== 'session') void this.#count.read()
    // Ending what had ended already is no event.
    if (target.kind === 'session' && count !== 1) return count
    const sessionId = target.kind === 'session' ? target.id : null
    const subject = target.kind === 'subject' ? target.subject : null
    events.emit('session_revoked', { sessionId, subject, target: target.kind, reason, count })
    return count
  }

  #noticed(notice: StoreNotice): void {
    const { cache, events } = this.#engine
    const store = this.#rules.store.capabilities.name
    switch (notice.kind) {
      case 'changed':
        return cache.changed(notice.id)
      case 'confirmed':
        return cache.confirmed(this.#engine.now() - notice.age)
      case 'reset':
        return cache.reset()
      default:
        cache.setTrusted(notice.kind === 'healthy')
        events.emit('store_channel', { store, healthy: notice.kind === 'healthy' })
    }
  }
}

function toResolution<Data extends object>(open: OpenSession): Resolution<Data> {
  open.close()
  if (open.record !== null) return { status: 'active', session: new Session<Data>(open) }
  return open.rejection === null ? NONE : { status: 'rejected', reason: open.rejection }
}

/**
 * Makes the manager of an application's sessions.
 *
 * Errors: `TypeError` naming a wrong option, `ERR_SESSION_CONFIG` for a value that is not allowed,
 * `ERR_SESSION_KEY_INVALID` for a weak key, `ERR_SESSION_STORE_UNSUPPORTED` for a store unfit for production.
 */
export function createSessions<Data extends object = Record<string, JsonValue>>(
  options: SessionsOptions<Data>,
): Sessions<Data> {
  return new Sessions<Data>(options)
}
