import { randomBytes } from 'node:crypto'
import { lmdbStore } from '@holdfast/lmdb'
import { time } from '../harness/stopwatch.js'
import type { Figures, MeasureInput } from '../model.js'
import { checkLoop } from './check-loop.js'
import { countingStore } from './counting-store.js'
import { manager, shuffledHeaders, tokensOf } from './setup.js'

const TAG_LENGTH = 24
const TOKENS = 2000

/** Tokens that we did not issue: `forged` ones are right in everything but the tag, `malformed` ones in nothing. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const { store, calls } = countingStore(lmdbStore(input.folder))
  const sessions = manager(input, store)
  const real = await tokensOf(sessions, Math.min(input.count, TOKENS))
  const junk = real.map(input.variant === 'forged' ? forged : malformed)
  const check = checkLoop(sessions, shuffledHeaders(junk), 'rejected')
  const before = calls()
  const { wall, cpu } = await time(input.scale, check)
  const storeCalls = calls() - before
  await sessions.close()
  return { wall, cpu, storeCalls }
}

/** A token with another MAC of the right shape, under the name of a real key. */
function forged(token: string): string {
  const mac = token.slice(-TAG_LENGTH)
  return token.slice(0, -TAG_LENGTH) + mac.slice(1) + (mac.startsWith('A') ? 'B' : 'A')
}

function malformed(token: string): string {
  return randomBytes(token.length).toString('base64url').slice(0, token.length)
}
