import type { CheckedToken } from './check-cache.js'
import { bindingOf, eventClient } from './client.js'
import type { Engine, RequestFacts } from './engine.js'
import type { RejectionReason } from './events.js'
import { judge } from './judgement.js'
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
  const seen = engine.cache.get(id)
  if (seen !== undefined && seen.keys === keys && seen.tokenHash === tokenHash(token)) {
    const record = engine.cache.fresh(seen, engine.now())
    return record === null
      ? lookUp(engine, keys, facts, token, id, seen)
      : conclude(engine, facts, token, record, seen)
  }
  if (!keys.check(token)) return reject(engine, facts, 'malformed', null)
  return lookUp(engine, keys, facts, token, id, null)
}

function lookUp(
  engine: Engine,
  keys: TokenKeys,
  facts: RequestFacts,
  token: string,
  id: string,
  seen: CheckedToken | null,
): MaybePromise<Checked> {
  const { cache } = engine
  const ticket = cache.ticket()
  return andThen(engine.store.find(id), (record) => {
    if (record === null) return reject(engine, facts, 'unknown', null, id)
    return andThen(conclude(engine, facts, token, record, seen), (checked) => {
      if (checked.standing === 'current')
        cache.remember(keys, tokenHash(token), record, engine.now(), ticket)
      return checked
    })
  })
}

function conclude(
  engine: Engine,
  facts: RequestFacts,
  token: string,
  record: SessionRecord,
  seen: CheckedToken | null,
): MaybePromise<Checked> {
  const hash = seen?.verifierHash ?? verifierHash(verifierOf(token))
  const judgement = judge(record, hash, engine.now(), engine.policy)
  switch (judgement) {
    case 'current':
    case 'previous':
      if (isBoundElsewhere(engine, facts, record))
        return reject(engine, facts, 'binding_mismatch', record)
      return { standing: judgement, record, token }
    case 'reuse':
      return endReused(engine, facts, record)
    default:
      return reject(engine, facts, judgement, record)
  }
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
  const { store, cache, events, now } = engine
  const reason = 'token_reuse'
  return andThen(
    store.revoke({ kind: 'session', id: record.id }, { at: now(), reason }),
    (count) => {
      cache.changed(record.id)
      const about = { sessionId: record.id, subject: record.subject }
      const client = eventClient(engine, facts)
      events.emit('token_reuse', about, client)
      events.emit('session_revoked', { ...about, target: 'session', reason, count }, client)
      return reject(engine, facts, 'superseded', record)
    },
  )
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
