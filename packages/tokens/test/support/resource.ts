import assert from 'node:assert/strict'
import {
  createResourceServer,
  TokenError,
  type AccessClaims,
  type AccessRequest,
  type ResourceServer,
  type ResourceServerOptions,
  type SigningKey,
  type TokenErrorCode,
} from '@holdfast/tokens'
import { athOf, clientKey, makeProof, URL_OF_REQUEST } from './proofs.js'
import { accessToken, AUDIENCE, ISSUER, keys, keySet, NOW } from './tokens.js'

export const now = (): number => NOW * 1000
export const ALGS = 'algs="ES256 EdDSA RS256"'

export function server(more: Partial<ResourceServerOptions> = {}): ResourceServer {
  return createResourceServer({ issuer: ISSUER, audience: AUDIENCE, keys: keySet, now, ...more })
}

export function request(
  authorization: AccessRequest['authorization'],
  dpop?: AccessRequest['dpop'],
): AccessRequest {
  return { method: 'GET', url: URL_OF_REQUEST, authorization, dpop }
}

export const bound = (more: Partial<AccessClaims> = {}): string =>
  accessToken(keys.EdDSA, { cnf: { jkt: clientKey.kid }, ...more })

let count = 0

/** A proof for the token, used by nobody before. */
export function proofFor(token: string, payload: object = {}, key: SigningKey = clientKey): string {
  count += 1
  const jti = String(count).padStart(16, '0')
  return makeProof({ key, payload: { ath: athOf(token), jti, ...payload } })
}

export interface Wanted {
  readonly code: TokenErrorCode
  readonly status: number
  readonly challenge?: string
}

export async function refuses(
  asked: Promise<unknown>,
  { code, status, challenge }: Wanted,
): Promise<TokenError> {
  const error: unknown = await asked.then(
    () => assert.fail('it passed'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof TokenError, String(error))
  assert.deepEqual([error.code, error.status], [code, status])
  assert.equal(error.headers['WWW-Authenticate'], challenge)
  assert.equal(error.headers['Cache-Control'], 'no-store')
  return error
}

export const invalid: Wanted = {
  code: 'ERR_TOKEN_INVALID',
  status: 401,
  challenge: 'Bearer error="invalid_token"',
}
