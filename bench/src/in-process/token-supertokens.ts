import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { getInfoFromAccessToken } from 'supertokens-node/lib/build/recipe/session/accessToken.js'
import { parseJWTWithoutSignatureVerification } from 'supertokens-node/lib/build/recipe/session/jwt.js'
import { time } from '../harness/stopwatch.js'
import { subject } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'

const TOKENS = 2000

/** The check of an access token in supertokens-node, with the key at hand: its own service is not asked. */
export async function measure({ scale }: MeasureInput): Promise<Figures> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const tokens: string[] = []
  for (let index = 0; index < Math.min(TOKENS, scale.sessions); index++) {
    const sub = subject(index)
    const id = String(index).padStart(36, '0')
    const hash = String(index).padStart(64, '0')
    const claims = { sessionHandle: id, refreshTokenHash1: hash, rsub: sub, tId: 'public', stt: 0 }
    const jwt = new SignJWT(claims).setProtectedHeader({
      alg: 'RS256',
      kid: 'd-1',
      typ: 'JWT',
      version: '5',
    })
    tokens.push(await jwt.setSubject(sub).setIssuedAt().setExpirationTime('1h').sign(privateKey))
  }
  let at = 0
  const { wall, cpu } = await time(scale, async (count) => {
    let found = 0
    for (let left = count; left > 0; left--) {
      const parsed = parseJWTWithoutSignatureVerification(tokens[at] ?? '')
      const { userId } = await getInfoFromAccessToken(parsed, () => publicKey, false)
      at = at + 1 === tokens.length ? 0 : at + 1
      found += userId.length
    }
    return found
  })
  return { wall, cpu }
}
