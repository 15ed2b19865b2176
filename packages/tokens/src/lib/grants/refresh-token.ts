import { eventClient } from '@holdfast/core/engine'
import { TokenError } from '../errors.js'
import { type Issuer, readRefreshToken } from './issuer.js'
import { type PresentedProof, proveKey } from './proofs.js'
import { type Refreshed, refreshGrant, type RefreshRequest } from './refresh.js'

/** One presentation of a refresh token; the proof is checked here, and spent where the token is good. */
export interface TokenRequest extends Omit<RefreshRequest, 'proof'> {
  readonly proof: PresentedProof | null
}

/**
 * Gives tokens for a refresh token. What is forged, another client's, or comes without the proof that it needs is refused before
 * any store call (promise P7). Errors: `ERR_TOKEN_DPOP_INVALID`, `ERR_TOKEN_DPOP_NONCE`, store errors, `ERR_SESSION_CONFLICT`.
 */
export async function refreshToken(
  issuer: Issuer,
  token: string,
  request: TokenRequest,
): Promise<Refreshed> {
  const { client, facts } = request
  const { engine, proofs } = issuer
  const reject = (reason: TokenError['reason'], sessionId: string | null): void => {
    const about = { sessionId, subject: null, clientId: client.id, reason: reason ?? 'unknown' }
    engine.events.emit('token_rejected', about, eventClient(engine, facts))
  }
  const presented = readRefreshToken(issuer, client, token)
  if (presented === null) {
    reject('malformed', null)
    return { status: 'refused', error: 'invalid_grant', reason: 'malformed', shown: null }
  }
  try {
    const proof = proveKey(proofs, client, request.proof)
    return await refreshGrant(issuer, presented, { ...request, proof })
  } catch (error) {
    if (error instanceof TokenError) reject(error.reason, presented.sessionId)
    throw error
  }
}
