import { bindingOf, eventClient } from './client.js'
import type { Engine, RequestFacts } from './engine.js'
import type { RejectionReason } from './events.js'
import { judge, judgeLife, type Judgement } from './judgement.js'
import { andThen, type MaybePromise } from './maybe-promise.js'
import type { SessionRecord } from './record.js'
import { claimedId, type TokenKeys, tokenHash, verifierHash, verifierOf } from './token.js'

/** How a request's token was found to stand. */
export type Checked =
  | { readonly standing: 'none' }
  | { readonly standing: 'rejected'; readonly reason: RejectionReason }
  /** `previous`: good, but replaced; the response hands out its successor. */
  | {
      readonly standing: 'current' | 'previous'
      readonly record: SessionRecord
      readonly token: string
    }

const NONE: Checked = { standing: 'none' }

/**
 * Checks the token that a request presents. In order of cost: the same token seen before (one hash), shape and tag (two
 * hashes), the record (one store read). What fails earlier never reaches the store (promise P7).
 */
export function checkToken(
  engine: Engine,
  keys: TokenKeys,
  facts: RequestFacts,
): MaybePromise<Checked> {
  const { token, rejection } = facts
  if (token === null) return rejection === null ? NONE : reject(engine, facts, rejection, null)
  const id = claimedId(token)
  if (id === null) return reject(engine, facts, 'malformed', null)
  const hash = tokenHash(token)
  const seen = engine.cache.get(hash)
  if (seen === undefined || seen.keys !== keys) {
    if (!keys.check(token)) return reject(engine, facts, 'malformed', null)
    return lookUp(engine, keys, facts, token, id, hash)
  }
  const now = engine.now()
  const record = engine.cache.fresh(seen, now)
  if (record === null) return lookUp(engine, keys, facts, token, id, hash, seen.verifierHash)
  const life = judgeLife(record, now)
  return life === 'current'
    ? accept(engine, facts, token, record, life)
    : reject(engine, facts, life, record)
}

function lookUp(
  engine: Engine,
  keys: TokenKeys,
  facts: RequestFacts,
  token: string,
  id: string,
  hash: string,
  knownVerifierHash?: string,
): MaybePromise<Checked> {
  const ticket = engine.cache.ticket()
  return andThen(engine.store.find(id), (record) => {
    if (record === null) return reject(engine, facts, 'unknown', null, id)
    const now = engine.now()
    const judgement = judge(
      record,
      knownVerifierHash ?? verifierHash(verifierOf(token)),
      now,
      engine.policy,
    )
    if (judgement === 'current') engine.cache.remember(keys, hash, record, now, ticket)
    return conclude(engine, facts, token, record, judgement)
  })
}

function conclude(
  engine: Engine,
  facts: RequestFacts,
  token: string,
  record: SessionRecord,
  judgement: Judgement,
): MaybePromise<Checked> {
  switch (judgement) {
    case 'current':
    case 'previous':
      return accept(engine, facts, token, record, judgement)
    case 'reuse':
      return endReused(engine, facts, record)
    default:
      return reject(engine, facts, judgement, record)
  }
}

function accept(
  engine: Engine,
  facts: RequestFacts,
  token: string,
  record: SessionRecord,
  standing: 'current' | 'previous',
): Checked {
  if (isBoundElsewhere(engine, facts, record))
    return reject(engine, facts, 'binding_mismatch', record)
  return { standing, record, token }
}

function isBoundElsewhere(
  { clientRules }: Engine,
  facts: RequestFacts,
  { binding }: SessionRecord,
): boolean {
  return binding !== null && binding !== bindingOf(clientRules, facts)
}

/** Somebody kept a copy of a token that was replaced: whose it is cannot be told, so the session ends for both. */
function endReused(
  engine: Engine,
  facts: RequestFacts,
  record: SessionRecord,
): MaybePromise<Checked> {
  const { store, events, now } = engine
  const ending = { at: now(), reason: 'token_reuse' }
  return andThen(store.revoke({ kind: 'session', id: record.id }, ending), (count) => {
    // Of several presenters at once, the first ends it and tells.
    if (count === 1) {
      const about = { sessionId: record.id, subject: record.subject }
      const client = eventClient(engine, facts)
      events.emit('token_reuse', about, client)
      events.emit(
        'session_revoked',
        { ...about, target: 'session', reason: ending.reason, count },
        client,
      )
    }
    return reject(engine, facts, 'superseded', record)
  })
}

function reject(
  engine: Engine,
  facts: RequestFacts,
  reason: RejectionReason,
  record: SessionRecord | null,
  sessionId: string | null = record?.id ?? null,
): Checked {
  if (engine.events.active) {
    const about = { sessionId, subject: record?.subject ?? null }
    const client = eventClient(engine, facts)
    if (sessionId !== null && (reason === 'idle_expired' || reason === 'absolute_expired')) {
      engine.events.emit('session_expired', { ...about, sessionId, reason }, client)
    }
    engine.events.emit('session_rejected', { ...about, reason }, client)
  }
  return { standing: 'rejected', reason }
}
