import { verifierHash } from '@holdfast/core/engine'
import { expiresAt } from '@holdfast/core/store'
import type { AccessClaims } from '../access/claims.js'
import { isInvalidToken } from '../errors.js'
import { checkSession } from './check.js'
import type { TokenClient } from './clients.js'
import { type Issuer, readRefreshToken } from './issuer.js'
import { refusalOf } from './refresh.js'
import { judgeRefresh } from './rotation.js'
import { grantEnd } from './token-set.js'

/** What the introspection of a token says (RFC 7662 §2.2); `active: false` stands alone, whatever the cause. */
export type Introspection =
  | { readonly active: false }
  | ({ readonly active: true; readonly token_type: 'Bearer' | 'DPoP' } & AccessClaims)
  | {
      readonly active: true
      readonly token_type: 'refresh_token'
      readonly iss: string
      readonly sub: string
      readonly sid: string
      readonly client_id: string
      readonly iat: number
      readonly exp: number
      readonly scope: string
    }

const INACTIVE: Introspection = Object.freeze({ active: false })

/** What a token is good for now. A refresh token is told to its own client alone. Changes nothing. Errors: store errors. */
export async function introspectToken(
  issuer: Issuer,
  token: string,
  client: TokenClient,
): Promise<Introspection> {
  const claims = verified(issuer, token)
  if (claims === null) return introspectRefresh(issuer, token, client)
  if ((await checkSession(issuer, claims)) !== null) return INACTIVE
  return { active: true, token_type: claims.cnf === undefined ? 'Bearer' : 'DPoP', ...claims }
}

async function introspectRefresh(
  issuer: Issuer,
  token: string,
  client: TokenClient,
): Promise<Introspection> {
  const presented = readRefreshToken(issuer, client, token)
  if (presented === null) return INACTIVE
  const { engine, name } = issuer
  const { sessionId, grantId } = presented
  const record = await engine.store.find(sessionId)
  const now = engine.now()
  const grant = refusalOf(record, grantId, client, now)
  if (record === null || record.subject === null || 'status' in grant) return INACTIVE
  const hash = verifierHash(presented.verifier)
  const { status } = judgeRefresh(grant, hash, now, engine.policy.rotationGrace)
  if (status !== 'current' && status !== 'crowded' && status !== 'superseded') return INACTIVE
  return {
    active: true,
    token_type: 'refresh_token',
    iss: name,
    sub: record.subject,
    sid: sessionId,
    client_id: client.id,
    iat: Math.floor(grant.rotatedAt / 1000),
    exp: Math.floor(Math.min(expiresAt(record), grantEnd(grant, client)) / 1000),
    scope: grant.scope,
  }
}

function verified({ verifier }: Issuer, token: string): AccessClaims | null {
  try {
    return verifier.verify(token)
  } catch (error) {
    if (isInvalidToken(error)) return null
    throw error
  }
}
