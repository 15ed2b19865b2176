import { expiresAt, type SessionRecord } from '@holdfast/core/store'
import type { AccessClaims } from '../access/claims.js'
import { signAccessToken } from '../access/sign.js'
import type { TokenClient } from './clients.js'
import type { Grant } from './grant.js'
import { issueRefreshToken, type Issuer } from './issuer.js'

/** What a client is given. Instants are epoch milliseconds. */
export interface TokenSet {
  readonly accessToken: string
  /** `DPoP` for an access token that is bound to a key (RFC 9449 §7.1). */
  readonly tokenType: 'Bearer' | 'DPoP'
  /** When the access token ends. */
  readonly expiresAt: number
  /** What the access token is good for, space-separated. */
  readonly scope: string
  readonly refreshToken: string
  readonly sessionId: string
  readonly grantId: string
  readonly subject: string
  /** When the session ends if nothing happens until then. */
  readonly idleDeadline: number
  /** When it ends whatever happens. */
  readonly absoluteDeadline: number
  /** Whether the session outlives the browser. */
  readonly persistent: boolean
}

/** A grant as it stands in a record. */
export interface Standing {
  readonly record: SessionRecord
  readonly grantId: string
  readonly grant: Grant
  readonly client: TokenClient
}

/** What one set of tokens is to be. */
export interface Wanted {
  readonly scope: string
  /** The key that the access token is bound to; null for none. */
  readonly jkt: string | null
  /** Of the refresh token. */
  readonly verifier: string
}

const JTI_LENGTH = 22

/** An access token for the session as it is now, and the refresh token with this verifier. */
export function makeTokens(issuer: Issuer, standing: Standing, wanted: Wanted): TokenSet {
  const { record, grantId, client } = standing
  const claims = claimsOf(issuer, standing, wanted)
  return {
    accessToken: signAccessToken(issuer.keys.current, claims),
    tokenType: wanted.jkt === null ? 'Bearer' : 'DPoP',
    expiresAt: claims.exp * 1000,
    scope: wanted.scope,
    refreshToken: issueRefreshToken(issuer, client, record.id, grantId, wanted.verifier),
    sessionId: record.id,
    grantId,
    subject: claims.sub,
    idleDeadline: record.idleDeadline,
    absoluteDeadline: record.absoluteDeadline,
    persistent: record.persistent,
  }
}

/** RFC 9068 §2.2, and the session and grant that a check asks for. */
function claimsOf(
  issuer: Issuer,
  { record, grantId, grant, client }: Standing,
  { scope, jkt }: Wanted,
): AccessClaims {
  const now = issuer.engine.now()
  const tenant = issuer.engine.tenant ?? ''
  const iat = Math.floor(now / 1000)
  const end = Math.min(now + issuer.accessTokenLifetime, expiresAt(record), grantEnd(grant, client))
  const amr = record.methods.filter((method) => method !== '')
  const acr = issuer.acr?.(record.methods)
  return {
    iss: issuer.name,
    sub: record.subject ?? '',
    aud: issuer.audience,
    sid: record.id,
    gid: grantId,
    client_id: client.id,
    ...(tenant === '' ? {} : { tenant }),
    iat,
    // A token that ends within this very second is refused by the check of its session, not by an unreadable claim.
    exp: Math.max(Math.floor(end / 1000), iat + 1),
    jti: issuer.engine.random.base62(JTI_LENGTH),
    ...(scope === '' ? {} : { scope }),
    ...(record.authenticatedAt === null
      ? {}
      : { auth_time: Math.floor(record.authenticatedAt / 1000) }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr.length === 0 ? {} : { amr }),
    ...(jkt === null ? {} : { cnf: { jkt } }),
  }
}

/** When a grant ends by its client's own `lifetime`. */
export function grantEnd(grant: Pick<Grant, 'issuedAt'>, client: TokenClient): number {
  return grant.issuedAt + client.lifetime
}
