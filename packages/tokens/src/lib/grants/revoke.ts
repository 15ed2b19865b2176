import { eventClient, judgeLife, type RequestFacts } from '@holdfast/core/engine'
import { isInvalidToken } from '../errors.js'
import { isOfTenant } from './check.js'
import type { TokenClient } from './clients.js'
import { findGrant, grantName } from './grant.js'
import { isOfAnotherClient, type Issuer, readRefreshToken } from './issuer.js'

/** What became of a revocation: `done` whether or not there was anything to revoke (RFC 7009 §2.2). */
export type Revocation = 'done' | 'other_client'

/** One request to end a client's tokens. */
export interface RevokeRequest {
  readonly client: TokenClient
  /** End the whole session, its cookie and other clients included. */
  readonly endSession: boolean
  readonly facts: RequestFacts
}

/** Ends the grant that a refresh or access token belongs to. Durable when this returns. Errors: store errors. */
export async function revokeGrant(
  issuer: Issuer,
  token: string,
  request: RevokeRequest,
): Promise<Revocation> {
  const { client, facts } = request
  const place = placeOf(issuer, client, token)
  if (place === 'other_client') {
    const about = { sessionId: null, subject: null, clientId: client.id, reason: place }
    issuer.engine.events.emit('token_rejected', about, eventClient(issuer.engine, facts))
    return place
  }
  if (place === null) return 'done'
  const { engine } = issuer
  const patience = engine.store.patience()
  const { sessionId, grantId } = place
  const record = await engine.store.find(sessionId, patience)
  if (record === null || judgeLife(record, engine.now()) !== 'current') return 'done'
  const grant = findGrant(record.data, grantId)
  if (grant === null || grant.client !== client.id) return 'done'
  const about = { sessionId, subject: record.subject }
  const told = eventClient(engine, facts)
  if (request.endSession || grant.alone) {
    const reason = 'logout'
    const target = { kind: 'session', id: sessionId } as const
    const count = await engine.store.revoke(target, { at: engine.now(), reason }, patience)
    if (count === 1)
      engine.events.emit('session_revoked', { ...about, target: 'session', reason, count }, told)
    return 'done'
  }
  const change = { now: engine.now(), unset: [grantName(grantId)] }
  const { status } = await engine.store.update(sessionId, change, patience)
  if (status === 'updated')
    engine.events.emit('token_revoked', { ...about, clientId: client.id, grantId }, told)
  return 'done'
}

interface Place {
  readonly sessionId: string
  readonly grantId: string
}

/** Where a token of this client leads; null for what is no live token of anybody. */
function placeOf(
  issuer: Issuer,
  client: TokenClient,
  token: string,
): Place | null | 'other_client' {
  const refresh = readRefreshToken(issuer, client, token)
  if (refresh !== null) return refresh
  if (isOfAnotherClient(issuer, client, token)) return 'other_client'
  try {
    const claims = issuer.verifier.verify(token)
    if (!isOfTenant(issuer, claims)) return null
    const { sid, gid, client_id: owner } = claims
    return owner === client.id ? { sessionId: sid, grantId: gid } : 'other_client'
  } catch (error) {
    // Forged or over: there is nothing to revoke.
    if (isInvalidToken(error)) return null
    throw error
  }
}
