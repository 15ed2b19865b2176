import { lmdbStore } from '@holdfast/lmdb'
import { time } from '../harness/stopwatch.js'
import type { Figures, MeasureInput } from '../model.js'
import { checkLoop } from './check-loop.js'
import { fixtureTokens, manager, requireFixture, shuffledHeaders, tokensOf } from './setup.js'

/** Nothing remembered: tag, record and verifier are checked each time. `stored`: among the fixture's sessions. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const stored = input.variant === 'stored'
  const folder = stored ? requireFixture(input.fixture).folder : input.folder
  const sessions = manager(input, lmdbStore(folder), { cacheSize: 0 })
  const tokens = stored ? fixtureTokens(input.fixture) : await tokensOf(sessions, input.count)
  const { wall, cpu } = await time(
    input.scale,
    checkLoop(sessions, shuffledHeaders(tokens), 'active'),
  )
  await sessions.close()
  return { wall, cpu }
}
