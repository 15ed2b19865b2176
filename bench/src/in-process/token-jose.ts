import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { time } from '../harness/stopwatch.js'
import type { Figures, MeasureInput } from '../model.js'
import { accessTokens, algorithmOf, AUDIENCE, ISSUER } from './access-tokens.js'

/** The same tokens and the same demands, with `jose` and the published key set. */
export async function measure({ scale, variant }: MeasureInput): Promise<Figures> {
  const { keys, tokens, algorithm } = accessTokens(algorithmOf(variant), scale)
  const published: JSONWebKeySet = JSON.parse(JSON.stringify(keys.jwks()))
  const keyOf = createLocalJWKSet(published)
  const demands = { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', algorithms: [algorithm] }
  let at = 0
  const { wall, cpu } = await time(scale, async (count) => {
    let found = 0
    for (let left = count; left > 0; left--) {
      const { payload } = await jwtVerify(tokens[at] ?? '', keyOf, demands)
      at = at + 1 === tokens.length ? 0 : at + 1
      found += payload.sub?.length ?? 0
    }
    return found
  })
  return { wall, cpu }
}
