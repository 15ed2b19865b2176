import { SessionError } from '@holdfast/core'
import { type OpenSession, VERIFIER_LENGTH, verifierHash } from '@holdfast/core/engine'
import type { RecordChange, SessionRecord } from '@holdfast/core/store'
import { TokenError } from '../errors.js'
import type { TokenClient } from './clients.js'
import {
  encodeGrant,
  type Grant,
  GRANT_ID_LENGTH,
  grantName,
  listGrants,
  MOST_GRANTS,
} from './grant.js'
import type { Issuer } from './issuer.js'
import { type PresentedProof, proveKey } from './proofs.js'
import { retry } from './retry.js'
import { narrowScope } from './scope.js'
import { grantEnd, makeTokens, type TokenSet } from './token-set.js'

/** What a grant is to be. */
interface Grantable {
  readonly client: TokenClient
  readonly scope: string | undefined
  /** The proof of the key that the tokens are to be bound to; null for none. */
  readonly proof: PresentedProof | null
  /** Whether no cookie leads to the session. */
  readonly alone: boolean
}

/**
 * Gives a client its first tokens on a session that somebody is signed in to. Errors: `ERR_SESSION_NOT_AUTHENTICATED`,
 * `ERR_SESSION_ENDED`, `ERR_TOKEN_SCOPE`, `ERR_TOKEN_DPOP_INVALID`, `ERR_TOKEN_DPOP_NONCE`, store errors.
 */
export async function issueGrant(
  issuer: Issuer,
  open: OpenSession,
  grantable: Grantable,
): Promise<TokenSet> {
  const { record } = open
  open.used = true
  if (record === null || record.subject === null) throw nobody()
  const { client } = grantable
  const scope = narrowScope(grantable.scope, client.scope)
  if (scope === null) throw scopeError()
  const { engine, proofs } = issuer
  const proof = proveKey(proofs, client, grantable.proof)
  if (proof !== null) await proofs.spend(proof)
  const jkt = proof?.jkt ?? null
  const verifier = engine.random.base62(VERIFIER_LENGTH)
  const grant = newGrant(engine.now(), grantable, { scope, jkt, hash: verifierHash(verifier) })
  const written = await write(issuer, open, record, grant)
  const { grantId, record: after } = written
  const about = { sessionId: after.id, subject: after.subject, clientId: client.id, grantId }
  engine.events.emit('token_issued', about, open.client)
  return makeTokens(issuer, { record: after, grantId, grant, client }, { scope, jkt, verifier })
}

function newGrant(
  now: number,
  { client, alone }: Grantable,
  parts: Pick<Grant, 'scope' | 'jkt' | 'hash'>,
): Grant {
  return { client: client.id, ...parts, alone, issuedAt: now, rotatedAt: now, superseded: [] }
}

interface Written {
  readonly grantId: string
  readonly record: SessionRecord
}

async function write(
  issuer: Issuer,
  open: OpenSession,
  first: SessionRecord,
  grant: Grant,
): Promise<Written> {
  const { engine } = issuer
  let record = first
  return retry(async () => {
    const grants = listGrants(record.data)
    const grantId = freeId(issuer, grants)
    const change: RecordChange = {
      now: engine.now(),
      ifVersion: record.version,
      // A sign-in that came between ends what this request was about to do.
      ifGeneration: first.generation,
      set: new Map([[grantName(grantId), encodeGrant(grant)]]),
      unset: surplus(issuer, grants).map(grantName),
    }
    const result = await engine.store.update(record.id, change, open.patience)
    if (result.status !== 'updated' && result.status !== 'conflict') throw ended()
    record = result.record
    if (result.status === 'conflict') return null
    open.stored(record, new Map())
    return { grantId, record }
  })
}

function freeId({ engine }: Issuer, grants: ReadonlyMap<string, Grant>): string {
  for (;;) {
    const id = engine.random.base62(GRANT_ID_LENGTH)
    if (!grants.has(id)) return id
  }
}

/** Grants that make room for one more: those that are over, then those that were used least recently. */
function surplus(
  { engine, clients }: Issuer,
  grants: ReadonlyMap<string, Grant>,
): readonly string[] {
  const now = engine.now()
  const isOver = (grant: Grant): boolean => {
    // A client that is not known here may be one that a newer process of this application serves.
    const client = clients.get(grant.client)
    return client !== undefined && now >= grantEnd(grant, client)
  }
  const over = [...grants].filter(([, grant]) => isOver(grant))
  const others = [...grants].filter(([, grant]) => !isOver(grant))
  const byUse = others.toSorted(([, a], [, b]) => a.rotatedAt - b.rotatedAt)
  const excess = byUse.slice(0, Math.max(0, others.length + 1 - MOST_GRANTS))
  return [...over, ...excess].map(([id]) => id)
}

/** A scope that is none, or goes beyond what is allowed. */
export function scopeError(): TokenError {
  return new TokenError(
    'ERR_TOKEN_SCOPE',
    'the scope is malformed, or goes beyond what this client may ask for',
  )
}

function nobody(): SessionError {
  return new SessionError(
    'ERR_SESSION_NOT_AUTHENTICATED',
    'tokens are issued on a session that somebody is signed in to; call authenticate() first',
  )
}

function ended(): SessionError {
  return new SessionError(
    'ERR_SESSION_ENDED',
    'the session ended, or a sign-in replaced its token, while tokens were being issued; none were',
  )
}
