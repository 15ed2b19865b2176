import assert from 'node:assert/strict'
import {
  AccessTokenVerifier,
  createKeySet,
  generateSigningKey,
  signAccessToken,
  TokenError,
  type AccessClaims,
  type KeySet,
  type SigningAlgorithm,
  type SigningKey,
  type TokenReason,
  type VerifierOptions,
} from '@holdfast/tokens'
import { signText } from '../../src/lib/jose/signature.js'

export const ISSUER = 'https://id.example'
export const AUDIENCE = 'https://api.example'
export const ALGORITHMS: readonly SigningAlgorithm[] = ['EdDSA', 'ES256', 'RS256']

/** A Tuesday in November 2026, in seconds. */
export const NOW = 1_795_600_000

/** One pair of each algorithm for a whole test file: an RSA pair takes a while to make. */
export const keys: Readonly<Record<SigningAlgorithm, SigningKey>> = {
  EdDSA: generateSigningKey(),
  ES256: generateSigningKey('ES256'),
  RS256: generateSigningKey('RS256'),
}

export const keySet: KeySet = createKeySet([keys.EdDSA, keys.ES256, keys.RS256])

export function claims(more: Partial<Record<keyof AccessClaims, unknown>> = {}): AccessClaims {
  const usual = {
    iss: ISSUER,
    sub: 'ada',
    aud: AUDIENCE,
    sid: 'session-1',
    gid: 'grant-1',
    client_id: 'spa',
    iat: NOW,
    exp: NOW + 300,
    jti: 'token-1',
  }
  return { ...usual, ...more } as AccessClaims
}

export function accessToken(
  key: SigningKey = keys.EdDSA,
  more: Partial<AccessClaims> = {},
): string {
  return signAccessToken(key, claims(more))
}

export function verifier(more: Partial<VerifierOptions> = {}): AccessTokenVerifier {
  const now = (): number => NOW * 1000
  return new AccessTokenVerifier({ keys: keySet, issuer: ISSUER, audience: AUDIENCE, now, ...more })
}

export const base64url = (value: string | Uint8Array): string =>
  Buffer.from(value).toString('base64url')

export interface Forgery {
  readonly key?: SigningKey
  /** Members to set; undefined takes one away. */
  readonly header?: Readonly<Record<string, unknown>>
  readonly payload?: Readonly<Record<string, unknown>>
  /** The text of either part, as it is. */
  readonly headerText?: string
  readonly payloadText?: string
}

/** A token with a right signature over whatever it is told to say. */
export function forge(forgery: Forgery = {}): string {
  const { key = keys.EdDSA, header, payload, headerText, payloadText } = forgery
  const usual = { typ: 'at+jwt', alg: key.alg, kid: key.kid }
  const first = headerText ?? JSON.stringify({ ...usual, ...header })
  const second = payloadText ?? JSON.stringify({ ...claims(), ...payload })
  const input = `${base64url(first)}.${base64url(second)}`
  return `${input}.${base64url(signText(key.alg, key.privateKey, input))}`
}

/** The order of P-256 (SEC 2 §2.4.2). */
export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The other text of an ES256 token: its signature (r, s) as (r, n−s). */
export function twinOf(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const twin = ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const s = Buffer.from(twin.toString(16).padStart(64, '0'), 'hex')
  return `${header}.${payload}.${base64url(Buffer.concat([bytes.subarray(0, 32), s]))}`
}

/** That a token is refused, as every token is refused, for the reason given. */
export function refused(
  token: unknown,
  reason: TokenReason | undefined,
  by: AccessTokenVerifier = verifier(),
): void {
  assert.throws(
    () => by.verify(token as string),
    (error) => {
      assert.ok(error instanceof TokenError, String(error))
      assert.deepEqual(
        [error.code, error.message, error.status],
        ['ERR_TOKEN_INVALID', 'the access token is not valid', 401],
      )
      if (reason !== undefined) assert.equal(error.reason, reason)
      return true
    },
  )
}
