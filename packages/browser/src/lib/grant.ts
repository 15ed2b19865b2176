import { elapsedSince, type Moment, momentAgo } from './clock.js'
import { randomId } from './random-id.js'

/** What the server gave at a sign-in or a renewal. */
export interface Grant {
  readonly token: string
  readonly scheme: 'Bearer' | 'DPoP'
  /** Public id of the session; null where the server names none. */
  readonly sessionId: string | null
  /** Names this renewal, so that tabs can tell whether they have heard of it. No secret. */
  readonly generation: string
  /** When it was asked for: its life is counted from there. */
  readonly askedAt: Moment
  /** Milliseconds of life. */
  readonly lifetime: number
  /** Milliseconds until the session ends unless the user does something; null where the server gives no such end. */
  readonly idleLifetime: number | null
}

/** Milliseconds that the access token has left; negative when it is over. */
export function lifeLeft({ lifetime, askedAt }: Grant): number {
  return lifetime - elapsedSince(askedAt)
}

/** Milliseconds until the idle end; null where there is none. */
export function idleLeft({ idleLifetime, askedAt }: Grant): number | null {
  return idleLifetime === null ? null : idleLifetime - elapsedSince(askedAt)
}

/** Reads the answer of an endpoint (RFC 6749 §5.1). Null if it is none, or of the wrong scheme. */
export function readGrant(body: unknown, askedAt: Moment, scheme: Grant['scheme']): Grant | null {
  const { access_token: token, token_type: type, ...rest } = recordOf(body)
  if (typeof token !== 'string' || !/^[\w.~+/-]+=*$/.test(token)) return null
  // A server that answers DPoP with a bearer token would give up what the app asked for.
  if (typeof type !== 'string' || type.toLowerCase() !== scheme.toLowerCase()) return null
  const lifetime = secondsOf(rest['expires_in'])
  if (lifetime === null) return null
  const sessionId = rest['session_id']
  return {
    token,
    scheme,
    sessionId: typeof sessionId === 'string' ? sessionId : null,
    generation: randomId(),
    askedAt,
    lifetime,
    idleLifetime: secondsOf(rest['idle_expires_in']),
  }
}

/**
 * A grant that another tab was given. The steady clock of each tab began at another time, so the wall clock, which all share, says
 * how old it is: also in a tab that was frozen, and reads the message late.
 */
export function fromOther(grant: Grant): Grant {
  return { ...grant, askedAt: momentAgo(Math.max(Date.now() - grant.askedAt.wall, 0)) }
}

/** The members of a JSON object; none for everything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function secondsOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value < 1e9 ? value * 1000 : null
}
