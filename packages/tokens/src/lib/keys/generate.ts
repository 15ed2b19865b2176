import { createPrivateKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { TokenError } from '../errors.js'
import { signText, verifyText } from '../jose/signature.js'
import { readPublicKey } from './public-key.js'
import type { SigningAlgorithm, SigningKey, VerificationKey } from './signing-key.js'

/** Bits of a new RSA key. */
const RSA_BITS = 2048

/** A new key pair. Ed25519 by default; RS256 is for clients that know nothing newer. */
export function generateSigningKey(algorithm: SigningAlgorithm = 'EdDSA'): SigningKey {
  return signingKeyOf(generatePrivate(algorithm))
}

/**
 * The key pair of a private JWK (RFC 7517). Its members `kid`, `alg`, `use` and the like are not read: the `kid` is the
 * RFC 7638 thumbprint, the algorithm that of the key's type. Throws `ERR_TOKEN_KEY_INVALID` for anything but Ed25519,
 * P-256 and RSA from 2,048 bits; the message holds nothing of the key.
 */
export function importSigningKey(jwk: JsonWebKey): SigningKey {
  try {
    return signingKeyOf(createPrivateKey({ key: jwk, format: 'jwk' }))
  } catch (cause) {
    if (cause instanceof TokenError) throw cause
    throw new TokenError('ERR_TOKEN_KEY_INVALID', 'the signing key is no private JWK') // the cause may show the key
  }
}

/** The private JWK of a key pair: a secret. */
export function exportSigningKey(key: SigningKey): JsonWebKey {
  return key.privateKey.export({ format: 'jwk' })
}

function generatePrivate(algorithm: SigningAlgorithm): KeyObject {
  switch (algorithm) {
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: RSA_BITS }).privateKey
    default:
      throw new TypeError("algorithm must be 'EdDSA', 'ES256' or 'RS256'")
  }
}

function signingKeyOf(privateKey: KeyObject): SigningKey {
  const { kty, crv, x, y, n, e } = privateKey.export({ format: 'jwk' })
  const key = readPublicKey({ kty, crv, x, y, n, e })
  if (key === null) {
    throw new TokenError(
      'ERR_TOKEN_KEY_INVALID',
      'the signing key is none of Ed25519, P-256 and RSA from 2,048 bits with exponent 65,537',
    )
  }
  if (!isPair(key, privateKey)) {
    throw new TokenError('ERR_TOKEN_KEY_INVALID', 'the two halves of the signing key differ')
  }
  return { ...key, privateKey }
}

/** A file that was put together by hand can hold one key's secret beside another's point. */
function isPair({ alg, publicKey }: VerificationKey, privateKey: KeyObject): boolean {
  return verifyText(alg, publicKey, 'pair', signText(alg, privateKey, 'pair'))
}
