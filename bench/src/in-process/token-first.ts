import { verify, type KeyObject } from 'node:crypto'
import { AccessTokenVerifier } from '@holdfast/tokens'
import { time } from '../harness/stopwatch.js'
import type { Figures, MeasureInput } from '../model.js'
import {
  accessTokens,
  type AccessTokens,
  algorithmOf,
  AUDIENCE,
  inTurn,
  ISSUER,
} from './access-tokens.js'

/**
 * Access tokens that this process has not seen: form, signature, claims, and the remembering. Beside it, in the same
 * process, what node:crypto takes for the signature alone, of bytes that are there already.
 */
export async function measure({ scale, variant }: MeasureInput): Promise<Figures> {
  const made = accessTokens(algorithmOf(variant), scale)
  // Room for one: each token is new again when its turn comes, and takes another's place.
  const options = { keys: made.keys, issuer: ISSUER, audience: AUDIENCE, cacheSize: 1 }
  const verifier = new AccessTokenVerifier(options)
  const check = inTurn(made.tokens, (token) => verifier.verify(token).sub.length)
  const bare = await time(scale, bareCheck(made))
  const { wall, cpu } = await time(scale, check)
  return { wall, cpu, bare: bare.cpu, ratio: cpu / bare.cpu }
}

function bareCheck({ algorithm, publicKey, tokens }: AccessTokens): (count: number) => number {
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  const key: KeyObject | { key: KeyObject; dsaEncoding: 'ieee-p1363' } =
    algorithm === 'ES256' ? { key: publicKey, dsaEncoding: 'ieee-p1363' } : publicKey
  const signed = tokens.map((token) => {
    const end = token.lastIndexOf('.')
    const input = Buffer.from(token.slice(0, end), 'latin1')
    return { input, signature: Buffer.from(token.slice(end + 1), 'base64url') }
  })
  return inTurn(signed, ({ input, signature }) => {
    if (!verify(digest, input, key, signature)) throw new Error('a signature is wrong')
    return 1
  })
}
