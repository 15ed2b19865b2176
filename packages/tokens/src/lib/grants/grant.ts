import { SessionError } from '@holdfast/core'

/** A refresh token that was replaced and may still be presented. */
export interface Superseded {
  readonly hash: string
  /** Its successor's verifier, sealed under its own. */
  readonly sealed: string
  /** When its successor was first presented, which starts its grace; null while it has not been. */
  readonly at: number | null
}

/** What one client was given on one session. Nothing in it can be replayed: it holds hashes and sealed verifiers. */
export interface Grant {
  /** Id of the client. */
  readonly client: string
  /** All that access tokens of this grant may ask for, space-separated. */
  readonly scope: string
  /** Thumbprint of the key that the client must prove to hold; null where it need not. */
  readonly jkt: string | null
  /** Whether the session exists for this grant alone: no cookie leads to it. */
  readonly alone: boolean
  readonly issuedAt: number
  /** When the present refresh token was made. */
  readonly rotatedAt: number
  /** SHA-256 of the present refresh token's verifier. */
  readonly hash: string
  /** Newest first. */
  readonly superseded: readonly Superseded[]
}

/** Characters of a grant's id: 8 of base62. It is unique within its session. */
export const GRANT_ID_LENGTH = 8

/** Grants of one session; the one that was used least recently makes room for a newer one. */
export const MOST_GRANTS = 16

const PREFIX = '~grant:'

/** The name of a grant among a session's data: reserved, so that no application reads or writes it. */
export function grantName(id: string): string {
  return PREFIX + id
}

/** A grant of a session; null if it is not there (any more). */
export function findGrant(data: ReadonlyMap<string, string>, id: string): Grant | null {
  const text = data.get(grantName(id))
  return text === undefined ? null : decodeGrant(text)
}

/** Every grant of a session by its id. */
export function listGrants(data: ReadonlyMap<string, string>): ReadonlyMap<string, Grant> {
  const grants = new Map<string, Grant>()
  for (const [name, text] of data)
    if (name.startsWith(PREFIX)) grants.set(name.slice(PREFIX.length), decodeGrant(text))
  return grants
}

/** A grant as JSON text, with one letter a name: a session holds up to {@link MOST_GRANTS} of them. */
export function encodeGrant(grant: Grant): string {
  const { client, scope, jkt, alone, issuedAt, rotatedAt, hash, superseded } = grant
  return JSON.stringify({
    c: client,
    s: scope,
    ...(jkt === null ? {} : { k: jkt }),
    ...(alone ? { a: true } : {}),
    i: issuedAt,
    r: rotatedAt,
    h: hash,
    p: superseded.map((each) => [each.hash, each.sealed, each.at]),
  })
}

function decodeGrant(text: string): Grant {
  try {
    return readGrant(JSON.parse(text))
  } catch (cause) {
    const message = 'a stored grant cannot be read: it is damaged, or a newer version wrote it'
    throw new SessionError('ERR_SESSION_STORE_CORRUPT', message, { cause })
  }
}

function readGrant(value: unknown): Grant {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object')
  const { c, s, k = null, a = false, i, r, h, p }: Record<string, unknown> = { ...value }
  if (!isText(c) || !isText(s) || !(k === null || isText(k)) || typeof a !== 'boolean')
    throw new TypeError('not the description of a grant')
  if (!isInstant(i) || !isInstant(r) || !isText(h) || !Array.isArray(p))
    throw new TypeError('not the state of a grant')
  const superseded = p.map(readSuperseded)
  return { client: c, scope: s, jkt: k, alone: a, issuedAt: i, rotatedAt: r, hash: h, superseded }
}

function readSuperseded(value: unknown): Superseded {
  const [hash, sealed, at]: unknown[] = Array.isArray(value) ? value : []
  if (!isText(hash) || !isText(sealed) || !(at === null || isInstant(at)))
    throw new TypeError('not a superseded token')
  return { hash, sealed, at }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
