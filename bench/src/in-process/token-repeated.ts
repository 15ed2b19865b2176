import { AccessTokenVerifier } from '@holdfast/tokens'
import { time } from '../harness/stopwatch.js'
import type { Figures, MeasureInput } from '../model.js'
import { accessTokens, algorithmOf, AUDIENCE, inTurn, ISSUER } from './access-tokens.js'

/** Access tokens that this process has verified before. */
export async function measure({ scale, variant }: MeasureInput): Promise<Figures> {
  const { keys, tokens } = accessTokens(algorithmOf(variant), scale)
  const verifier = new AccessTokenVerifier({ keys, issuer: ISSUER, audience: AUDIENCE })
  const check = inTurn(tokens, (token) => verifier.verify(token).sub.length)
  check(tokens.length)
  const { wall, cpu } = await time(scale, check)
  return { wall, cpu }
}
