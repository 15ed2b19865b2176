import { isPromise } from '@holdfast/core/engine'
import { generateSigningKey } from '@holdfast/tokens'
import { lmdbStore } from '@holdfast/lmdb'
import { memoryStore } from '@holdfast/memory'
import { time } from '../harness/stopwatch.js'
import { subject } from '../harness/visitors.js'
import type { Figures, MeasureInput } from '../model.js'
import { CLIENT, inTurn, issuerOf } from './access-tokens.js'
import { manager } from './setup.js'

const TOKENS = 2000

/** Access tokens that this process has verified before, each with a look whether its session lives. On lmdb that is a read. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const store = input.variant === 'lmdb' ? lmdbStore(input.folder) : memoryStore()
  const sessions = manager(input, store)
  const issuer = issuerOf(sessions, generateSigningKey())
  const signIns = Array.from({ length: Math.min(TOKENS, input.count) }, (_, index) =>
    issuer.signIn({ subject: subject(index), client: CLIENT }),
  )
  const tokens = (await Promise.all(signIns)).map(({ accessToken }) =>
    // In one piece, as strings from the network are.
    Buffer.from(accessToken, 'latin1').toString('latin1'),
  )
  const check = inTurn(tokens, (token) => {
    const claims = issuer.verify(token)
    if (isPromise(claims)) throw new Error('an embedded store answers at once')
    return claims.sub.length
  })
  check(tokens.length)
  const { wall, cpu } = await time(input.scale, check)
  await sessions.close()
  return { wall, cpu }
}
