import assert from 'node:assert/strict'
import { generateKeyPairSync, hash, type JsonWebKey } from 'node:crypto'
import {
  generateSigningKey,
  TokenError,
  verifyProof,
  type Proof,
  type ProofExpectation,
  type SigningKey,
  type TokenErrorCode,
  type TokenReason,
} from '@holdfast/tokens'
import { signText } from '../../src/lib/jose/signature.js'
import { base64url, NOW } from './tokens.js'

export const URL_OF_REQUEST = 'https://api.example/orders/7'
export const JTI = 'AAAAAAAAAAAAAAAAAAAAAA'

/** A client's key: what browsers make. */
export const clientKey: SigningKey = generateSigningKey('ES256')

export function publicJwk(key: SigningKey): JsonWebKey {
  return key.publicKey.export({ format: 'jwk' })
}

export interface ProofParts {
  readonly key?: SigningKey
  readonly header?: Readonly<Record<string, unknown>>
  readonly payload?: Readonly<Record<string, unknown>>
}

/** A proof for the usual request, as {@link expected} wants it, but for what is given. */
export function makeProof({ key = clientKey, header, payload }: ProofParts = {}): string {
  const first = { typ: 'dpop+jwt', alg: key.alg, jwk: publicJwk(key), ...header }
  const second = { htm: 'GET', htu: URL_OF_REQUEST, iat: NOW, jti: JTI, ...payload }
  const input = `${base64url(JSON.stringify(first))}.${base64url(JSON.stringify(second))}`
  return `${input}.${base64url(signText(key.alg, key.privateKey, input))}`
}

function expected(more: Partial<ProofExpectation> = {}): ProofExpectation {
  return { method: 'GET', url: URL_OF_REQUEST, now: NOW * 1000, ...more }
}

export function check(proof: string, more: Partial<ProofExpectation> = {}): Proof {
  return verifyProof(proof, expected(more))
}

export function refusedProof(
  proof: Parameters<typeof verifyProof>[0],
  reason: TokenReason,
  more: Partial<ProofExpectation> = {},
  code: TokenErrorCode = 'ERR_TOKEN_DPOP_INVALID',
): void {
  assert.throws(
    () => verifyProof(proof, expected(more)),
    (error) => {
      assert.ok(error instanceof TokenError, String(error))
      assert.deepEqual([error.code, error.reason, error.status], [code, reason, 401])
      if (code === 'ERR_TOKEN_DPOP_INVALID')
        assert.equal(error.message, 'the DPoP proof is not valid')
      return true
    },
  )
}

export const athOf = (token: string): string => hash('sha256', token, 'base64url')

/** Public keys of types, curves and sizes that no proof may be by. */
export function foreignKeys(): readonly JsonWebKey[] {
  const pairs = [
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('rsa', { modulusLength: 1024 }),
    generateKeyPairSync('rsa', { modulusLength: 2040 }),
    generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
    generateKeyPairSync('ed448'),
    generateKeyPairSync('x25519'),
  ]
  return pairs.map(({ publicKey }) => publicKey.export({ format: 'jwk' }))
}
