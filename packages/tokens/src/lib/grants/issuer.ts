import type { Sessions } from '@holdfast/core'
import { type Engine, ID_LENGTH, type TokenKeys } from '@holdfast/core/engine'
import type { AccessTokenVerifier } from '../access/verifier.js'
import type { KeySet } from '../keys/key-set.js'
import type { TokenClient } from './clients.js'
import { GRANT_ID_LENGTH } from './grant.js'
import type { ProofGate } from './proofs.js'

/** What the parts of one issuer of tokens share. */
export interface Issuer {
  readonly sessions: Pick<Sessions, 'close' | 'open' | 'tokenKeys'>
  readonly engine: Engine
  /** Its name: the `iss` of access tokens. */
  readonly name: string
  readonly audience: string
  readonly keys: KeySet
  readonly clients: ReadonlyMap<string, TokenClient>
  readonly verifier: AccessTokenVerifier
  readonly proofs: ProofGate
  /** Milliseconds. */
  readonly accessTokenLifetime: number
  /** Whether a refresh moves the idle deadline. */
  readonly refreshCountsAsActivity: boolean
  readonly acr: ((methods: readonly string[]) => string | undefined) | null
}

/** Where a refresh token leads, and its secret part. */
export interface PresentedToken {
  readonly sessionId: string
  readonly grantId: string
  readonly verifier: string
}

/** The keys of one client's refresh tokens: a token of another client does not pass, and costs no store call. */
export function refreshKeys({ engine }: Pick<Issuer, 'engine'>, client: TokenClient): TokenKeys {
  return engine.keys.tokenKeys('refresh', client.id, ID_LENGTH + GRANT_ID_LENGTH)
}

/** The refresh token of a grant. */
export function issueRefreshToken(
  issuer: Issuer,
  client: TokenClient,
  sessionId: string,
  grantId: string,
  verifier: string,
): string {
  return refreshKeys(issuer, client).issue(sessionId + grantId, verifier)
}

/** Reads a refresh token that this client was given; null for every other text. Touches no store. */
export function readRefreshToken(
  issuer: Issuer,
  client: TokenClient,
  token: string,
): PresentedToken | null {
  const read = refreshKeys(issuer, client).read(token)
  if (read === null) return null
  const { id, verifier } = read
  return { sessionId: id.slice(0, ID_LENGTH), grantId: id.slice(ID_LENGTH), verifier }
}

/** Whether this is a refresh token of some other client. */
export function isOfAnotherClient(issuer: Issuer, client: TokenClient, token: string): boolean {
  for (const other of issuer.clients.values())
    if (other !== client && readRefreshToken(issuer, other, token) !== null) return true
  return false
}
