import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { time } from '../harness/stopwatch.js'
import { subject } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'

const TOKENS = 500

/** `jose`'s verification, claims included; the variant is the algorithm. */
export async function measure({ scale, variant: alg, key }: MeasureInput): Promise<Figures> {
  const { signer, verifier } = keysFor(alg, key)
  const tokens: string[] = []
  for (let index = 0; index < Math.min(TOKENS, scale.sessions); index++) {
    const jwt = new SignJWT({}).setProtectedHeader({ alg }).setSubject(subject(index))
    tokens.push(await jwt.setIssuedAt().setExpirationTime('1h').sign(signer))
  }
  let at = 0
  const { wall, cpu } = await time(scale, async (count) => {
    let found = 0
    for (let left = count; left > 0; left--) {
      const { payload } = await jwtVerify(tokens[at] ?? '', verifier, { algorithms: [alg] })
      at = at + 1 === tokens.length ? 0 : at + 1
      found += payload.sub?.length ?? 0
    }
    return found
  })
  return { wall, cpu }
}

function keysFor(
  alg: string,
  key: string,
): { readonly signer: KeyObject; readonly verifier: KeyObject } {
  if (alg === 'ES256') {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return { signer: pair.privateKey, verifier: pair.publicKey }
  }
  const secret = createSecretKey(Buffer.from(key))
  return { signer: secret, verifier: secret }
}
