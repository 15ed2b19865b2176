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
import type { Proof } from '../dpop/proof.js'
import type { TokenReason } from '../errors.js'
import type { TokenClient } from './clients.js'
import { encodeGrant, findGrant, type Grant, grantName } from './grant.js'
import type { Issuer, PresentedToken } from './issuer.js'
import { retry } from './retry.js'
import { judgeRefresh, rotateGrant, type Verdict } from './rotation.js'
import { narrowScope } from './scope.js'
import { grantEnd, makeTokens, type TokenSet } from './token-set.js'

/** One request to be given tokens anew. */
export interface RefreshRequest {
  readonly client: TokenClient
  readonly scope: string | undefined
  /** The proof of the client's key, checked and not spent; null for none. */
  readonly proof: Proof | null
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

/**
 * Gives tokens for a refresh token whose tag was right, and replaces it. Errors: `ERR_TOKEN_DPOP_INVALID` for a proof that came
 * before, store errors, `ERR_SESSION_CONFLICT`.
 */
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
  /** The same: the proof of one request is spent once. */
  #spent: Promise<void> | null = null

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
      await this.#spend()
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
    const { client, scope } = this.#request
    const grant = refusalOf(record, this.#presented.grantId, client, now)
    if ('status' in grant || record === null) return 'status' in grant ? grant : refused('unknown')
    const { rotationGrace } = this.#issuer.engine.policy
    const verdict = judgeRefresh(grant, verifierHash(this.#presented.verifier), now, rotationGrace)
    if (!this.#holdsKey(grant)) return keyless(verdict, record)
    if (this.#isBoundElsewhere(record)) return refused('binding_mismatch')
    const narrowed = narrowScope(scope, grant.scope)
    if (narrowed === null) return { ...refused('scope'), error: 'invalid_scope' }
    const goOn = { status: 'go on', record, grant, scope: narrowed } as const
    switch (verdict.status) {
      case 'current':
        return { ...goOn, ...this.#rotation(record, grant, now) }
      case 'crowded':
      case 'superseded':
        return { ...goOn, ...this.#repetition(record, grant, now, verdict) }
      case 'reuse':
        return { status: 'reuse', record }
      case 'early':
        return refused('superseded')
      case 'unknown':
        return refused('wrong_verifier')
    }
  }

  /** The present token is replaced. */
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
    const touch = this.#counts ? { touch: touchAt(engine.policy, now) } : {}
    return { again: false, verifier, change: { ...this.#write(record, rotated), ...touch } }
  }

  /** The present token is handed out once more. A token that was replaced is still activity. */
  #repetition(
    record: SessionRecord,
    grant: Grant,
    now: number,
    verdict: Verdict,
  ): Pick<Plan, 'again' | 'verifier' | 'change'> {
    const { policy } = this.#issuer.engine
    const verifier = this.#follow(verdict.status === 'superseded' ? verdict.chain : [])
    const binding = grant.jkt === this.#jkt ? {} : this.#write(record, grant)
    const touches = this.#counts && touchDue(record, policy, now)
    const change = { ...binding, ...(touches ? { touch: touchAt(policy, now) } : {}) }
    return { again: true, verifier, change: Object.keys(change).length === 0 ? null : change }
  }

  /** Writes the grant, for as long as nobody else has changed the record. The first key that is proved binds it (RFC 9449 §5). */
  #write(record: SessionRecord, grant: Grant): Pick<RecordChange, 'ifVersion' | 'set'> {
    const bound = { ...grant, jkt: this.#jkt }
    const set = new Map([[grantName(this.#presented.grantId), encodeGrant(bound)]])
    return { ifVersion: record.version, set }
  }

  /** The key that the client has proved to hold; null for none. */
  get #jkt(): string | null {
    return this.#request.proof?.jkt ?? null
  }

  /** Whether the client holds the key that the grant is bound to, if it is. */
  #holdsKey({ jkt }: Grant): boolean {
    return jkt === null || jkt === this.#jkt
  }

  /** Costs a durable insert, so not before the refresh token was found to be good. */
  async #spend(): Promise<void> {
    const { proof } = this.#request
    if (proof !== null) await (this.#spent ??= this.#issuer.proofs.spend(proof))
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
    const { client } = this.#request
    const { grantId } = this.#presented
    const about = { sessionId: record.id, subject: record.subject, clientId: client.id, grantId }
    this.#emit('token_refreshed', { ...about, again })
    const tokens = makeTokens(
      this.#issuer,
      { record, grantId, grant, client },
      { scope, jkt: this.#jkt, verifier },
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

/**
 * A token without the key that its grant is bound to. The present one harms nobody. One that was replaced was copied: by whoever
 * brings it, or by whoever bound the grant before its owner did, and then the owner must not be the only one who is refused.
 */
function keyless({ status }: Verdict, record: SessionRecord): Reuse | Refused {
  return status === 'superseded' || status === 'reuse'
    ? { status: 'reuse', record }
    : refused('proof_binding')
}

function refused(reason: TokenReason, shown: string | null = null): Refused {
  return { status: 'refused', error: 'invalid_grant', reason, shown }
}
