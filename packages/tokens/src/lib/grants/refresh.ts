import { SessionError } from '@holdfast/core'
import {
  bindingOf,
  eventClient,
  judgeLife,
  openSuccessor,
  type RequestFacts,
  sealSuccessor,
  touchAt,
  touchDue,
  VERIFIER_LENGTH,
  verifierHash,
} from '@holdfast/core/engine'
import type { RecordChange, SessionRecord } from '@holdfast/core/store'
import type { TokenReason } from '../errors.js'
import type { TokenClient } from './clients.js'
import { encodeGrant, findGrant, type Grant, grantName } from './grant.js'
import type { Issuer, PresentedToken } from './issuer.js'
import { retry } from './retry.js'
import { judgeRefresh, rotateGrant } from './rotation.js'
import { narrowScope } from './scope.js'
import { grantEnd, makeTokens, type TokenSet } from './token-set.js'

/** One request to be given tokens anew. */
export interface RefreshRequest {
  readonly client: TokenClient
  readonly scope: string | undefined
  /** The key that the client has proved to hold; null for none. */
  readonly jkt: string | null
  /** Whether it counts as activity of the user. */
  readonly active: boolean
  readonly facts: RequestFacts
}

/** A refusal. `shown`: the reason that the holder of a token of ours may be told; null for none. */
export interface Refused {
  readonly status: 'refused'
  readonly error: 'invalid_grant' | 'invalid_scope'
  readonly reason: TokenReason
  readonly shown: string | null
}

export type Refreshed = { readonly status: 'refreshed'; readonly tokens: TokenSet } | Refused

/** Gives tokens for a refresh token whose tag was right, and replaces it. Errors: store errors, `ERR_SESSION_CONFLICT`. */
export async function refreshGrant(
  issuer: Issuer,
  presented: PresentedToken,
  request: RefreshRequest,
): Promise<Refreshed> {
  return new Refresh(issuer, presented, request).run()
}

/** Why a grant cannot be used, whatever token was presented; null if it can. */
export function refusalOf(
  record: SessionRecord | null,
  grantId: string,
  client: TokenClient,
  now: number,
): Refused | Grant {
  if (record === null) return refused('unknown')
  const life = judgeLife(record, now)
  if (life === 'revoked')
    return refused(record.reason === 'token_reuse' ? 'token_reuse' : life, record.reason)
  if (life !== 'current') return refused(life, life)
  const grant = findGrant(record.data, grantId)
  if (grant === null || grant.client !== client.id) return refused('grant_gone', 'token_revoked')
  return now < grantEnd(grant, client) ? grant : refused('grant_expired', 'absolute_expired')
}

class Refresh {
  readonly #issuer: Issuer
  readonly #presented: PresentedToken
  readonly #request: RefreshRequest
  /** Made at the first need, and the same in each attempt. */
  #next: string | null = null

  constructor(issuer: Issuer, presented: PresentedToken, request: RefreshRequest) {
    this.#issuer = issuer
    this.#presented = presented
    this.#request = request
  }

  async run(): Promise<Refreshed> {
    const { store } = this.#issuer.engine
    const patience = store.patience()
    const { sessionId } = this.#presented
    let record = await store.find(sessionId, patience)
    return retry(async () => {
      const now = this.#issuer.engine.now()
      const plan = this.#plan(record, now)
      if (plan.status === 'refused') return this.#reject(plan, record)
      if (plan.status === 'reuse') return this.#endReused(plan.record)
      if (plan.change === null) return this.#done(plan, plan.record)
      const result = await store.update(sessionId, { ...plan.change, now }, patience)
      if (result.status === 'updated') return this.#done(plan, result.record)
      record = 'record' in result ? result.record : null
      // Judged again where it may have been another request's change; not where it has ended.
      return result.status === 'ended'
        ? this.#reject(this.#afterEnd(result.record, now), record)
        : null
    })
  }

  /** What is to be done with the record as it is. */
  #plan(record: SessionRecord | null, now: number): Plan | Reuse | Refused {
    const { client, jkt, scope } = this.#request
    const grant = refusalOf(record, this.#presented.grantId, client, now)
    if ('status' in grant || record === null) return 'status' in grant ? grant : refused('unknown')
    if (grant.jkt !== null && grant.jkt !== jkt) return refused('proof_binding')
    if (this.#isBoundElsewhere(record)) return refused('binding_mismatch')
    const narrowed = narrowScope(scope, grant.scope)
    if (narrowed === null) return { ...refused('scope'), error: 'invalid_scope' }
    const { rotationGrace } = this.#issuer.engine.policy
    const verdict = judgeRefresh(grant, verifierHash(this.#presented.verifier), now, rotationGrace)
    const goOn = { status: 'go on', record, grant, scope: narrowed } as const
    switch (verdict.status) {
      case 'current':
        return { ...goOn, ...this.#rotation(record, grant, now) }
      case 'crowded':
        return {
          ...goOn,
          again: true,
          verifier: this.#presented.verifier,
          change: this.#touch(record, now),
        }
      case 'superseded':
        return {
          ...goOn,
          again: true,
          verifier: this.#follow(verdict.chain),
          change: this.#touch(record, now),
        }
      case 'reuse':
        return { status: 'reuse', record }
      case 'early':
        return refused('superseded')
      case 'unknown':
        return refused('wrong_verifier')
    }
  }

  /** The present token is replaced, for as long as nobody else has changed the record. */
  #rotation(
    record: SessionRecord,
    grant: Grant,
    now: number,
  ): Pick<Plan, 'again' | 'verifier' | 'change'> {
    const { engine } = this.#issuer
    const verifier = (this.#next ??= engine.random.base62(VERIFIER_LENGTH))
    const sealed = sealSuccessor(verifier, this.#presented.verifier, this.#place, engine.random)
    const next = { hash: verifierHash(verifier), sealed }
    const rotated = rotateGrant(grant, next, now, engine.policy.rotationGrace)
    const set = new Map([[grantName(this.#presented.grantId), encodeGrant(rotated)]])
    const touch = this.#counts ? { touch: touchAt(engine.policy, now) } : {}
    return { again: false, verifier, change: { ifVersion: record.version, set, ...touch } }
  }

  /** A token that was replaced is still activity. */
  #touch(record: SessionRecord, now: number): Plan['change'] {
    const { policy } = this.#issuer.engine
    return this.#counts && touchDue(record, policy, now) ? { touch: touchAt(policy, now) } : null
  }

  get #counts(): boolean {
    return this.#request.active && this.#issuer.refreshCountsAsActivity
  }

  /** What seals are bound to. */
  get #place(): string {
    return this.#presented.sessionId + this.#presented.grantId
  }

  /** The verifier that a chain of seals leads to. */
  #follow(chain: readonly string[]): string {
    let { verifier } = this.#presented
    for (const sealed of chain) {
      const next = openSuccessor(sealed, verifier, this.#place)
      if (next === null) {
        const message = `the seal of a refresh token of session ${this.#presented.sessionId} is damaged`
        throw new SessionError('ERR_SESSION_STORE_CORRUPT', message)
      }
      verifier = next
    }
    return verifier
  }

  #isBoundElsewhere({ binding }: SessionRecord): boolean {
    const { clientRules } = this.#issuer.engine
    return binding !== null && binding !== bindingOf(clientRules, this.#request.facts)
  }

  #done({ grant, scope, verifier, again }: Plan, record: SessionRecord): Refreshed {
    const { client, jkt } = this.#request
    const { grantId } = this.#presented
    const about = { sessionId: record.id, subject: record.subject, clientId: client.id, grantId }
    this.#emit('token_refreshed', { ...about, again })
    const tokens = makeTokens(
      this.#issuer,
      { record, grantId, grant, client },
      { scope, jkt, verifier },
    )
    return { status: 'refreshed', tokens }
  }

  #afterEnd(record: SessionRecord, now: number): Refused {
    const grant = refusalOf(record, this.#presented.grantId, this.#request.client, now)
    return 'status' in grant ? grant : refused('revoked')
  }

  /** Somebody kept a copy of a token that was replaced: whose it is cannot be told, so the session ends for both. */
  async #endReused({ id, subject }: SessionRecord): Promise<Refused> {
    const { store, now } = this.#issuer.engine
    const reason = 'token_reuse'
    const count = await store.revoke({ kind: 'session', id }, { at: now(), reason })
    // Of several presenters at once, the first ends it and tells.
    if (count === 1) {
      this.#emit('token_reuse', { sessionId: id, subject })
      this.#emit('session_revoked', { sessionId: id, subject, target: 'session', reason, count })
    }
    return this.#reject(refused(reason, reason), { subject })
  }

  #reject(refusal: Refused, record: Pick<SessionRecord, 'subject'> | null): Refused {
    const { client } = this.#request
    const subject = record?.subject ?? null
    const about = { sessionId: this.#presented.sessionId, subject, clientId: client.id }
    this.#emit('token_rejected', { ...about, reason: refusal.reason })
    return refusal
  }

  get #emit(): Issuer['engine']['events']['emit'] {
    const { events } = this.#issuer.engine
    return (type, fields) =>
      events.emit(type, fields, eventClient(this.#issuer.engine, this.#request.facts))
  }
}

/** Tokens can be given, once `change` is written. */
interface Plan {
  readonly status: 'go on'
  readonly record: SessionRecord
  readonly grant: Grant
  readonly scope: string
  /** Whether the successor had been made before. */
  readonly again: boolean
  /** Of the refresh token that is handed out. */
  readonly verifier: string
  /** What must be written first; null for nothing. */
  readonly change: Omit<RecordChange, 'now'> | null
}

interface Reuse {
  readonly status: 'reuse'
  readonly record: SessionRecord
}

function refused(reason: TokenReason, shown: string | null = null): Refused {
  return { status: 'refused', error: 'invalid_grant', reason, shown }
}
